"""Ray Serve with dynamic request batching, one replica for each core.

https://docs.ray.io/en/latest/serve/advanced-guides/dyn-req-batch.html
"""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false, reportReturnType=false

import time

import ray
from classifier import BATCH, PORT, WAIT_S, Classifier
from ray import serve
from ray.serve.schema import LoggingConfig
from starlette.requests import Request

REPLICAS = 2


@serve.deployment(num_replicas=REPLICAS, ray_actor_options={"num_cpus": 1}, max_ongoing_requests=64)
class Service:
    def __init__(self) -> None:
        self.classifier = Classifier(threads=1)

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=WAIT_S)
    async def classify(self, pictures: list[bytes]) -> list[list[dict]]:
        return self.classifier.classify(pictures)

    async def __call__(self, request: Request) -> list[dict]:
        return await self.classify(await request.body())


if __name__ == "__main__":
    ray.init(num_cpus=REPLICAS, include_dashboard=False, object_store_memory=200 << 20)
    serve.start(http_options={"host": "127.0.0.1", "port": PORT}, logging_config=LoggingConfig(enable_access_log=False))
    serve.run(Service.bind(), route_prefix="/predict")
    while True:
        time.sleep(60)

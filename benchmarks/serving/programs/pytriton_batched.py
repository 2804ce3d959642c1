"""PyTriton with dynamic batching and two instances.

https://triton-inference-server.github.io/pytriton/latest/binding_models/#multi-instance-model-inference
"""

# pyright: basic, reportMissingImports=false

import os

import numpy as np
from classifier import BATCH, PORT, TOP, Classifier
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

INSTANCES = 2


class Instance:
    def __init__(self) -> None:
        self.classifier = Classifier(threads=1)

    @batch
    def __call__(self, IMAGE):  # noqa: N803  # named as the tensor
        rankings = self.classifier.classify([picture for (picture,) in IMAGE])
        return {
            "LABELS": np.array([[each["label"].encode() for each in ranking] for ranking in rankings], np.bytes_),
            "SCORES": np.array([[each["score"] for each in ranking] for ranking in rankings], np.float32),
        }


if __name__ == "__main__":
    config = TritonConfig(
        http_address="127.0.0.1",
        http_port=PORT,
        grpc_address="127.0.0.1",
        grpc_port=int(os.environ["BENCHMARK_GRPC_PORT"]),
        metrics_port=int(os.environ["BENCHMARK_METRICS_PORT"]),
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="classifier",
            infer_func=[Instance() for _ in range(INSTANCES)],
            inputs=[Tensor(name="IMAGE", dtype=bytes, shape=(1,))],
            outputs=[
                Tensor(name="LABELS", dtype=bytes, shape=(TOP,)),
                Tensor(name="SCORES", dtype=np.float32, shape=(TOP,)),
            ],
            config=ModelConfig(max_batch_size=BATCH, batcher=DynamicBatcher()),
        )
        triton.serve()

"""BentoML with adaptive batching, one worker for each core.

https://docs.bentoml.com/en/latest/get-started/adaptive-batching.html
"""

# pyright: basic, reportMissingImports=false

import base64

import bentoml
from classifier import BATCH, Classifier

WORKERS = 2


@bentoml.service(workers=WORKERS, logging={"access": {"enabled": False}})
class Service:
    def __init__(self) -> None:
        self.classifier = Classifier(threads=1)

    @bentoml.api(batchable=True, max_batch_size=BATCH)
    def predict(self, pictures: list[str]) -> list[list[dict]]:
        return self.classifier.classify([base64.b64decode(picture) for picture in pictures])

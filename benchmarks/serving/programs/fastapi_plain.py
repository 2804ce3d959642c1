"""FastAPI as most people write it: an endpoint that is no coroutine, so that it runs in a thread of the pool."""

# pyright: basic, reportMissingImports=false

import os
from typing import Annotated, Any

from classifier import Classifier
from fastapi import Body, FastAPI

app = FastAPI()
classifier = Classifier(threads=int(os.environ["BENCHMARK_THREADS"]))


@app.post("/predict")
def predict(picture: Annotated[bytes, Body(media_type="image/jpeg")]) -> list[dict[str, Any]]:
    return classifier.classify([picture])[0]

"""Sightline: send the bytes of a picture, get a typed answer from an image model on NVIDIA Triton.

Example:
    ```python
    from sightline import Client

    with Client("http://localhost:8000") as client:
        print(client.classify("digit.png").label)
    ```
"""

from sightline._client import Client
from sightline.errors import (
    ConnectionFailed,
    ImageError,
    InferenceFailed,
    InvalidRequest,
    ModelNotFound,
    ModelNotReady,
    RequestTimeout,
    SightlineError,
)
from sightline.images import ImageLike
from sightline.results import Classification, ModelInfo, TensorInfo

__version__ = "0.1.0"

__all__ = [
    "Classification",
    "Client",
    "ConnectionFailed",
    "ImageError",
    "ImageLike",
    "InferenceFailed",
    "InvalidRequest",
    "ModelInfo",
    "ModelNotFound",
    "ModelNotReady",
    "RequestTimeout",
    "SightlineError",
    "TensorInfo",
]

"""Sightline: send the bytes of a picture, get a typed answer from an image model on NVIDIA Triton.

Example:
    ```python
    from sightline import Client

    with Client("http://localhost:8000") as client:
        print(client.classify("digit.png").label)
    ```
"""

from sightline._async_client import AsyncClient
from sightline._client import Client
from sightline.errors import (
    ConnectionFailed,
    ImageError,
    IndexUnusable,
    InferenceFailed,
    InvalidRequest,
    ModelNotFound,
    ModelNotReady,
    RequestTimeout,
    SightlineError,
)
from sightline.images import ImageLike
from sightline.results import (
    Classification,
    Detection,
    Detections,
    Explanation,
    ModelInfo,
    Segmentation,
    TensorInfo,
)

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "Classification",
    "Client",
    "ConnectionFailed",
    "Detection",
    "Detections",
    "Explanation",
    "ImageError",
    "ImageLike",
    "IndexUnusable",
    "InferenceFailed",
    "InvalidRequest",
    "ModelInfo",
    "ModelNotFound",
    "ModelNotReady",
    "RequestTimeout",
    "Segmentation",
    "SightlineError",
    "TensorInfo",
]

"""What embeddings must have in common to be compared: the version of the model that made them, and so their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sightline.errors import InferenceFailed, ModelNotReady

if TYPE_CHECKING:
    from sightline._client import Client


def check_still(client: Client, model: str, version: int) -> None:
    """Raise `ModelNotReady` where the server answers with another version than at the start."""
    now = client.model(model).version
    if now != version:
        raise ModelNotReady(
            f"expected version {version} of {model!r} to the end, got version {now}; start again", model=model
        )


def check_same_size(model: str, first: NDArray[np.float32], other: NDArray[np.float32]) -> None:
    """Raise `InferenceFailed` where a model made vectors of two sizes."""
    if first.shape != other.shape:
        raise InferenceFailed(
            f"expected {model!r} to answer with {first.size} numbers for every picture, got {other.size}; "
            "if a new version was just loaded, start again",
            model=model,
        )

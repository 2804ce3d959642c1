"""Strings between Triton, where they are bytes, and ONNX Runtime, where they are text."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline_backend.errors import TextError

Array = npt.NDArray[Any]


def to_text(name: str, elements: Array) -> Array:
    """Turn an object array of bytes into one of str.

    Raises:
        TextError: an element is not UTF-8.
    """
    text = np.empty(elements.size, np.object_)
    try:
        text[:] = [bytes(element).decode() for element in elements.reshape(-1).tolist()]
    except UnicodeDecodeError as error:
        raise TextError(
            f"input '{name}': expected strings in UTF-8, got bytes that are none ({error.reason} at byte "
            f"{error.start}); encode them in UTF-8"
        ) from error
    return text.reshape(elements.shape)


def to_bytes(elements: Array) -> Array:
    """Turn an array of str into an object array of bytes."""
    encoded = np.empty(elements.size, np.object_)
    encoded[:] = [str(element).encode() for element in elements.reshape(-1).tolist()]
    return encoded.reshape(elements.shape)

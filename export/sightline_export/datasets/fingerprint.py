"""Which data a training run has seen, so that a run on other data is not taken for the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def fingerprint(pictures: Iterable[Path | bytes | NDArray[np.uint8]], known: Iterable[NDArray[np.generic]]) -> str:
    """Of files their place, size and time of the last change, of other pictures all that they are.

    known: what is known of the pictures, such as their labels. Raises OSError where a file is gone.
    """
    digest = hashlib.sha256()
    for picture in pictures:
        if isinstance(picture, Path):
            status = picture.stat()
            digest.update(f"{picture.absolute()}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
        else:
            digest.update(hashlib.sha256(picture if isinstance(picture, bytes) else picture.tobytes()).digest())
    for array in known:
        digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()

"""The cascades of Haar features that OpenCV's wheel carries, imported when the first is asked for.

Viola and Jones, "Rapid object detection using a boosted cascade of simple features" (CVPR 2001), in the extension and
with the training of Lienhart and Maydt (ICIP 2002).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline_backend.errors import PackageMissingError
from sightline_backend.spans import span

FRONTAL, EYE = "frontalface_alt2", "eye"
"""Those in use: of faces that look at the camera, and of eyes within them."""

_STEP = 1.1  # between two sizes of the window
_NEIGHBOURS = 4  # windows that have to agree


class _Loaded(threading.local):
    """The cascades of one thread: OpenCV's keep what they are working on."""

    def __init__(self) -> None:
        self.by_name: dict[str, Any] = {}


_LOADED = _Loaded()


def cascade(name: str) -> Any:
    """One of the cascades, loaded once for each thread.

    Raises:
        PackageMissingError: OpenCV is not installed here, or came without its cascades.
    """
    if name not in _LOADED.by_name:
        _LOADED.by_name[name] = _load(name)
    return _LOADED.by_name[name]


def _load(name: str) -> Any:
    try:
        import cv2
    except ImportError as error:
        raise PackageMissingError(
            f"expected opencv-python-headless beside sightline-backend, got none ({error}); for the server run: "
            "sightline install-runtime, elsewhere: pip install 'sightline-backend[faces]'"
        ) from error
    cv2.setNumThreads(1)  # the models of a server share its processor; and the answer does not depend on the threads
    file = Path(cv2.__file__).with_name("data") / f"haarcascade_{name}.xml"
    found = cv2.CascadeClassifier(str(file)) if file.is_file() else None
    if found is None or found.empty():
        raise PackageMissingError(
            f"expected OpenCV with its {file.name}, got {cv2.__version__} without; "
            "install 'opencv-python-headless>=4.10,<4.12'"
        )
    return found


def windows(name: str, grey: npt.NDArray[np.uint8], least: int) -> tuple[tuple[float, float, float, float, float], ...]:
    """Where a cascade finds its object.

    Args:
        name: `FRONTAL` or `EYE`.
        grey: uint8 (h, w).
        least: smallest side of a window, in pixels.

    Returns:
        For each window left, top, width, height, and the sum of the cascade's last stage, which is larger where it is
        surer.

    Raises:
        PackageMissingError: as :func:`cascade`.
    """
    with span("inference"):
        boxes, _, weights = cascade(name).detectMultiScale3(
            np.ascontiguousarray(grey), _STEP, _NEIGHBOURS, 0, (least, least), (0, 0), outputRejectLevels=True
        )
    rows = np.concatenate([np.reshape(boxes, (-1, 4)), np.reshape(weights, (-1, 1))], axis=1).astype(np.float64)
    return tuple((x, y, w, h, weight) for x, y, w, h, weight in rows.tolist())

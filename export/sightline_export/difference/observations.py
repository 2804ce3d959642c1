"""What was seen of a service, as plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Answers = NDArray[Any]


@dataclass(frozen=True)
class Parts:
    """Names of the service's models; the steps are None where they can't be asked on their own."""

    model: str
    decode_step: str | None = None
    network_step: str | None = None


@dataclass(frozen=True, eq=False)
class Observations:
    """All arrays are without batch axis unless said otherwise.

    answer: to the picture. pixels: uint8 (h, w, c) that the decoding step gave for it.
    shown: uint8 (P, h, w, c), pixels whose answers, `told` (P, k), are known; picture number 0 of them is the picture.
    Both are None where the service accepts no pictures made for the test and does not show its pixels.
    step_answer: of the network step to `pixels`.
    labels: that clients read, or None where the service names none. listed_labels: from Triton's label file.
    ask: answers (B, k) to pixels (B, h, w, c), of the network step, or of the whole service in files of that size; NaN
    where it refuses them.
    ask_file: the answer (1, k) of the whole service to a picture file; None where it refuses it.
    refused: what the service said instead of an answer to the picture.
    """

    parts: Parts
    answer: Answers | None
    pixels: Pixels | None
    shown: Pixels | None
    told: Answers | None
    step_answer: Answers | None
    labels: tuple[str, ...] | None
    listed_labels: tuple[str, ...] | None
    ask: Callable[[Pixels], Answers] | None = None
    ask_file: Callable[[bytes], Answers | None] | None = None
    refused: str | None = None

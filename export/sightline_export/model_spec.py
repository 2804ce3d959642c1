"""What is known of a model before it is exported: all that its entry and its card say, apart from measured figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sightline_backend.pixels import PixelSpec
from sightline_export.normalisation import ZERO_TO_ONE, Normalisation

if TYPE_CHECKING:
    from sightline_export.tasks.task import Task

HELD_OUT_KEY, PART = "held_out", "part"
"""A served model's parameter, and its value where only a part of the user's own data is new to it."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class PictureFile:
    """An encoded picture as a user would send it. name: of the file, with its suffix."""

    name: str
    content: bytes


Pictures = Callable[[int], tuple[PictureFile, ...]]
"""The first n of a model's real pictures, none of which it was trained on; always the same ones."""


@dataclass(frozen=True)
class ModelSpec:
    """One model, whichever way its network comes about.

    name: what users type, and the name of the ensemble.
    summary: one line, lower case, for lists and the card.
    architecture: the paper, or where the network is from.
    task: wraps the network into the served graph and writes the ensemble around it.
    pixels: the pixel specification of pictures that go in, or come out.
    normalisation: from pixels to what the network was trained on.
    pictures: real pictures for tracing, verification and golden answers.
    labels: names of the classes, in the order of the scores; empty where there are none.
    data, licence, limits: for the card; what it was trained on, under which terms, and what not to expect of it.
    trained_on_part: whether it was trained on a part of the user's own data, so that only the other part measures it.
    max_batch_size: of the network and the ensemble.
    """

    name: str
    summary: str
    architecture: str
    task: Task
    pixels: PixelSpec
    pictures: Pictures
    normalisation: Normalisation = ZERO_TO_ONE
    labels: tuple[str, ...] = ()
    data: str = "not stated"
    licence: str = "not stated"
    limits: str = ""
    trained_on_part: bool = False
    max_batch_size: int = 32

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"expected a name of lower-case letters, digits and _ that begins with a letter, got {self.name!r}"
            )
        if self.max_batch_size < 1:
            raise ValueError(f"expected max_batch_size >= 1, got {self.max_batch_size}")

    @property
    def parameters(self) -> dict[str, str]:
        """What the served model says of itself besides its task and its labels."""
        return {HELD_OUT_KEY: PART} if self.trained_on_part else {}

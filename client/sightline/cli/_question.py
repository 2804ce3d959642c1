"""What one command asks about one picture, and what becomes of the answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline._client import Client

Answer = TypeVar("Answer")

Files: TypeAlias = Iterable[tuple[str, bytes]]
"""Suffixes and contents. No suffix may end in another one of the same command, so that no two names are equal."""


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """One command's own part of a run over many pictures.

    Attributes:
        command: Name of the command.
        model: Name of the model.
        columns: Heads of the table, after that of the picture.
        ask: Asks the server about the bytes of a picture; many threads do so at once.
        fields: The answer for `--json`.
        cells: The answer for the table, one text per column.
        files: The answer as files for `-o`, from the answer and the bytes of the picture.
        options: Options that change the answer, by their name on the command line.
    """

    command: str
    model: str
    columns: tuple[str, ...]
    ask: Callable[[Client, bytes], Answer]
    fields: Callable[[Answer], dict[str, object]]
    cells: Callable[[Answer], tuple[str, ...]]
    files: Callable[[Answer, bytes], Files]
    options: Mapping[str, object] = field(default_factory=dict[str, object])


def png(picture: PIL.Image.Image) -> bytes:
    """Return a picture as a PNG file; quickly, at the cost of some bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def npy(array: NDArray[np.float32]) -> bytes:
    """Return an array as numpy's own file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def short_floats(array: NDArray[np.float32]) -> list[float]:
    """Return float32 numbers that JSON writes with as few digits as they need: 0.4, not 0.4000000059604645."""
    return [float(str(number)) for number in array.ravel()]

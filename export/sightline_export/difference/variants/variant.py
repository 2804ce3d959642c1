"""What a known mistake is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sightline_export.difference.pixel_path import PixelPath
from sightline_export.difference.staged_graph import StagedGraph
from sightline_export.difference.stages import Stage

Answers = NDArray[Any]


@dataclass(frozen=True)
class Mistake:
    """One thing that services do differently.

    key: short name, for programs. cause: what the service does, as the end of "the service …". advice: what to do.
    """

    stage: Stage
    key: str
    cause: str
    advice: str


@dataclass(frozen=True)
class PixelVariant:
    """A mistake between the file and the pixels."""

    mistake: Mistake
    path: PixelPath


@dataclass(frozen=True)
class GraphVariant:
    """A mistake between the pixels and the answer. change: from the graph of training to that of the service."""

    mistake: Mistake
    change: Callable[[StagedGraph], StagedGraph]

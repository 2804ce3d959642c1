"""An index while it grows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sightline.errors import InferenceFailed
from sightline.matching.stamp import UNKNOWN, Stamp

Embedded = tuple[NDArray[np.float32], Stamp]


class Builder:
    """Collects the embeddings that one model makes of pictures, in the order in which the pictures are named."""

    def __init__(self, model: str, names: Iterable[str]) -> None:
        self.model = model
        self._names = tuple(dict.fromkeys(names))
        self._found: dict[str, Embedded] = {}

    @property
    def count(self) -> int:
        """How many pictures are in it."""
        return len(self._found)

    @property
    def left_to_do(self) -> list[str]:
        """Names of the pictures that are not in it."""
        return [name for name in self._names if name not in self._found]

    def keep(self, names: Sequence[str], vectors: NDArray[np.float32], stamps: Sequence[Stamp]) -> None:
        """Take over what an earlier index holds of files that have not changed since, and of addresses."""
        wanted = frozenset(self._names)
        for name, vector, stamp in zip(names, vectors, stamps or [Stamp()] * len(names), strict=True):
            is_same = stamp == Stamp.of(name) and stamp.size != UNKNOWN
            if name in wanted and (is_same or name.lower().startswith(("http://", "https://"))):
                self.add(name, vector, stamp)

    def add(self, name: str, vector: NDArray[np.float32], stamp: Stamp) -> None:
        """Add one picture.

        Raises:
            InferenceFailed: Its vector has another size than those before it.
        """
        for first, _ in self._found.values():
            if first.shape != vector.shape:
                raise InferenceFailed(
                    f"expected {self.model!r} to answer with {first.size} numbers for every picture, got "
                    f"{vector.size}; if a new version was just loaded, make the index again",
                    model=self.model,
                )
            break
        self._found[name] = vector, stamp

    def fields(self) -> tuple[tuple[str, ...], NDArray[np.float32], tuple[Stamp, ...]]:
        """Return names, vectors (n, D) and stamps, as an `Index` takes them; there must be one picture at least."""
        names = tuple(name for name in self._names if name in self._found)
        vectors = np.stack([self._found[name][0] for name in names])
        return names, vectors, tuple(self._found[name][1] for name in names)

"""An index while it grows."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sightline.matching.one_model import check_same_size
from sightline.matching.stamp import UNKNOWN, Stamp

Embedded = tuple[NDArray[np.float32], Stamp]


class Builder:
    """Collects the embeddings that one model makes of pictures, in the order in which the pictures are named.

    Others may be added too; they come last.
    """

    def __init__(self, model: str, names: Iterable[str]) -> None:
        self.model = model
        self._names = tuple(dict.fromkeys(names))
        self._found: dict[str, Embedded] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._found

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
        for name, vector, stamp in _entries(names, vectors, stamps):
            if name in wanted and _is_unchanged(name, stamp):
                self.add(name, vector, stamp)

    def keep_as_is(
        self, chosen: Container[str], names: Sequence[str], vectors: NDArray[np.float32], stamps: Sequence[Stamp]
    ) -> None:
        """Take over what an earlier index holds of some pictures, whatever has become of them."""
        for name, vector, stamp in _entries(names, vectors, stamps):
            if name in chosen:
                self.add(name, vector, stamp)

    def add(self, name: str, vector: NDArray[np.float32], stamp: Stamp) -> None:
        """Add one picture.

        Raises:
            InferenceFailed: Its vector has another size than those before it.
        """
        for first, _ in self._found.values():
            check_same_size(self.model, first, vector)
            break
        self._found[name] = vector, stamp

    def fields(self) -> tuple[tuple[str, ...], NDArray[np.float32], tuple[Stamp, ...]]:
        """Return names, vectors (n, D) and stamps, as an `Index` takes them; there must be one picture at least."""
        names = tuple(name for name in dict.fromkeys((*self._names, *self._found)) if name in self._found)
        vectors = np.stack([self._found[name][0] for name in names])
        return names, vectors, tuple(self._found[name][1] for name in names)


def _entries(
    names: Sequence[str], vectors: NDArray[np.float32], stamps: Sequence[Stamp]
) -> Iterator[tuple[str, NDArray[np.float32], Stamp]]:
    return zip(names, vectors, stamps or [Stamp()] * len(names), strict=True)


def _is_unchanged(name: str, stamp: Stamp) -> bool:
    is_address = name.lower().startswith(("http://", "https://"))
    return is_address or (stamp == Stamp.of(name) and stamp.size != UNKNOWN)

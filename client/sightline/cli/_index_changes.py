"""What becomes of the pictures of an earlier index that cannot be taken over as unchanged."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sightline.cli._inputs import is_url, is_within
from sightline.matching.stamp import Presence


@dataclass(frozen=True)
class Changes:
    """How the pictures of an earlier index stand now.

    Attributes:
        unseen: Names of those that cannot be looked at now. Nothing is known of them, so that they stay as they were.
        gone: How many are not there any more.
        unnamed: How many are there, or in the web, but not among the pictures that are named now.
    """

    unseen: frozenset[str] = frozenset()
    gone: int = 0
    unnamed: int = 0

    @classmethod
    def of(cls, earlier: Iterable[str], named: Container[str], unlisted: Sequence[str]) -> Changes:
        """Look at each picture.

        Args:
            earlier: Names of the earlier index: absolute paths and addresses.
            named: The names that stand for pictures now.
            unlisted: Folders, absolute, that cannot be listed now.
        """
        unseen: set[str] = set()
        gone = unnamed = 0
        for name in earlier:
            presence = Presence.THERE if is_url(name) else Presence.of(name)
            if presence is Presence.MISSING:
                gone += 1
            elif presence is Presence.UNKNOWN or any(is_within(name, folder) for folder in unlisted):
                unseen.add(name)
            else:
                unnamed += name not in named
        return cls(frozenset(unseen), gone, unnamed)

    def lines(self) -> Iterator[str]:
        """Say what a save has changed."""
        if self.gone:
            yield _counted(
                self.gone, "is no longer there, and leaves the index", "are no longer there, and leave the index"
            )
        if self.unnamed:
            yield _counted(self.unnamed, "is not named now, and is left out", "are not named now, and are left out")
        if self.unseen:
            yield _counted(
                len(self.unseen),
                "cannot be looked at, and stays as it was",
                "cannot be looked at, and stay as they were",
            )


def _counted(count: int, of_one: str, of_many: str) -> str:
    return f"1 picture {of_one}." if count == 1 else f"{count:,} pictures {of_many}."

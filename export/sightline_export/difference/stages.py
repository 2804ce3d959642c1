"""The stages between a picture and its answer, in the order in which they happen."""

from __future__ import annotations

from enum import IntEnum


class Stage(IntEnum):
    """Smaller is earlier.

    >>> Stage.DECODE < Stage.COLOUR_ORDER, Stage.COLOUR_ORDER.label
    (True, 'colour order')
    """

    DECODE = 1
    ORIENTATION = 2
    COLOUR_ORDER = 3
    RESIZE = 4
    SCALE = 5
    NETWORK = 6
    POSTPROCESSING = 7

    @property
    def label(self) -> str:
        """The name that a person reads."""
        return self.name.lower().replace("_", " ")

"""Which pictures of a data set are held out, where it does not come in halves: the bytes of each decide for it alone.

So the draw is the same whatever else is in the folder and in whatever order, and copies of a picture fall on one side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HELD_OUT_SHARE = 0.2
SEED = 20261121


def lot(content: bytes) -> float:
    """What a picture draws, in [0, 1); equal bytes draw the same."""
    digest = hashlib.sha256(b"%d " % SEED + content).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def held_out(lots: Sequence[float]) -> list[bool]:
    """Of each picture whether it is held out: the lots below the share, and so that neither side stays empty.

    lots: one or more. Of copies of a single picture all are held out.

    >>> held_out([0.15, 0.7, 0.05, 0.3]), held_out([0.5, 0.9]), held_out([0.01, 0.02])
    ([True, False, True, False], [True, False], [True, False])
    """
    lowest, limit = min(lots), min(HELD_OUT_SHARE, max(lots))
    return [each == lowest or each < limit for each in lots]

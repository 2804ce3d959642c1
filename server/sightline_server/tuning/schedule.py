"""How the time is shared out: successive halving, as pure functions of what a round takes."""

import math
from collections.abc import Sequence

FINAL_ROUNDS = 6  # fewer give no interval of 95 %
FINAL_SHARE = 0.5


def rung_sizes(count: int) -> list[int]:
    """How many arrangements are measured in each rung: half of them stay, until two are left.

    Example:
        >>> rung_sizes(8), rung_sizes(5), rung_sizes(2), rung_sizes(1)
        ([8, 4, 2], [5, 3, 2], [2], [1])
    """
    sizes = [count]
    while sizes[-1] > 2:
        sizes.append(math.ceil(sizes[-1] / 2))
    return sizes


def race_s(count: int, round_s: float) -> float:
    """The time that `count` arrangements need at least: a round in each rung, and the rounds of the last one.

    round_s: what a round of one arrangement takes.

    Example:
        >>> race_s(4, round_s=2.0)
        32.0
    """
    sizes = rung_sizes(count)
    return (sum(sizes[:-1]) + sizes[-1] * FINAL_ROUNDS) * round_s


def rung_rounds(sizes: Sequence[int], seconds: float, round_s: float) -> list[int]:
    """How many rounds each rung but the last has; the last one has what is left.

    Half of the time is for the last rung, and at least that of `FINAL_ROUNDS`; the rest is shared equally.

    Example:
        >>> rung_rounds([8, 4, 2], 120, 2.5)
        [1, 3]
    """
    early = sizes[:-1]
    final_s = max(seconds * FINAL_SHARE, sizes[-1] * FINAL_ROUNDS * round_s)
    share_s = (seconds - final_s) / max(1, len(early))
    return [max(1, int(share_s / (size * round_s))) for size in early]

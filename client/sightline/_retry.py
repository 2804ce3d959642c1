"""When a failed request is sent again, and after how long; pure but for the dice."""

from __future__ import annotations

import random

from sightline.errors import SightlineError

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0


def pause_before_retry_s(error: SightlineError, attempt: int, retries: int, dice: random.Random) -> float | None:
    """Return the seconds to wait before a request is sent again; None: it is not.

    The pause is drawn from the upper half of a range that doubles with each attempt, so that clients which failed
    together do not come back together. A server that says how long to wait is not asked earlier.

    Args:
        error: What the attempt raised.
        attempt: 0 for the first attempt.
        retries: How many may follow the first.
        dice: Where the jitter comes from.
    """
    if attempt >= retries or not error.is_safe_to_repeat:
        return None
    longest = min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S)
    jittered = dice.uniform(longest / 2, longest)
    return jittered if error.retry_after_s is None else error.retry_after_s + jittered

"""One time limit for a call that takes several requests."""

from __future__ import annotations

import time

from sightline.errors import RequestTimeout


class Deadline:
    """A point in time that `timeout_s` from now names; None means never."""

    def __init__(self, timeout_s: float | None) -> None:
        self.timeout_s = timeout_s
        self._end = None if timeout_s is None else time.monotonic() + timeout_s

    def remaining_s(self) -> float | None:
        """Return the seconds that are left, or raise `RequestTimeout` when there are none."""
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise RequestTimeout(
                f"no answer within {self.timeout_s:g} s; raise `timeout`, or see whether the server is busy"
            )
        return left

    def left_s(self, most_s: float) -> float:
        """Return the seconds that are left, between 0 and `most_s`."""
        return most_s if self._end is None else min(max(self._end - time.monotonic(), 0), most_s)

    def allows(self, seconds: float) -> bool:
        """Return whether more than so many seconds are left."""
        return self._end is None or time.monotonic() + seconds < self._end

"""SIGTERM, SIGINT and SIGHUP as a wish to end, from the first moment of `sightline serve` to its last."""

import contextlib
import signal
import threading
from collections.abc import Generator
from types import FrameType

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(Exception):  # not an error: somebody asked for the end
    """A signal came while tritonserver was starting, or before."""


class StopSignals:
    """Counts the signals and wakes whoever waits for `wake`."""

    def __init__(self) -> None:
        self.requests = 0
        self.wake = threading.Event()
        self._interrupts = False

    @contextlib.contextmanager
    def handled(self) -> Generator[None]:
        before = [signal.signal(number, self._on_signal) for number in NUMBERS]
        try:
            yield
        finally:
            for number, handler in zip(NUMBERS, before, strict=True):
                signal.signal(number, handler)

    @contextlib.contextmanager
    def interrupting(self) -> Generator[None]:
        """Inside, the first signal raises `Stopped` at once; outside, nothing is cut off, cleaning up least of all."""
        self._interrupts = True
        try:
            if self.requests:
                raise Stopped
            yield
        finally:
            self._interrupts = False

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requests += 1
        self.wake.set()
        if self._interrupts:
            self._interrupts = False
            raise Stopped

"""Ctrl-C: ends the process at once, but never between an answer and its line in the journal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from sightline.cli._errors import INTERRUPTED


class Interrupts:
    """Receives Ctrl-C for the length of a run.

    No exception is raised: on its way up it would wait for every request in flight, up to the timeout. Threads that
    still wait for answers own nothing that a later run cannot do without.
    """

    def __init__(self, last_words: Callable[[], None]) -> None:
        self._last_words = last_words
        self._is_held = False
        self._has_come = False

    @contextmanager
    def held(self) -> Generator[None]:
        """Let this block finish first; the process ends at its end."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            if self._has_come:
                self._leave()

    def receive(self, number: int, frame: FrameType | None) -> None:
        self._has_come = True
        if not self._is_held:
            self._leave()

    def _leave(self) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._last_words()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(INTERRUPTED)


@contextmanager
def interruptible(last_words: Callable[[], None]) -> Generator[Interrupts]:
    """End the process with exit code 130 on Ctrl-C.

    Args:
        last_words: Saves what is finished and says what the user can do next; called in the main thread, and never
            while a block is held.
    """
    interrupts = Interrupts(last_words)
    if threading.current_thread() is not threading.main_thread():
        yield interrupts  # only the main thread may receive signals
        return
    earlier = signal.signal(signal.SIGINT, interrupts.receive)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, earlier)

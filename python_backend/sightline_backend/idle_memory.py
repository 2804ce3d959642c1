"""Gives memory back to the system after a pause of requests.

`sightline serve` tells glibc to keep what is freed, because each request would otherwise fault its pages in again. A
process that has seen one large picture would then hold its size for ever; with many models on one machine that adds up.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable

PAUSE_S = 1.0


def trim_heap() -> None:
    """Return the free pages of this process' heaps to the system; nothing where the C library can't (musl)."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)  # other threads run meanwhile: ctypes gives up the interpreter's lock


class IdleMemory:
    """Calls `give_back` once after each pause of `pause_s` seconds, in a thread of its own that ends with the process.

    >>> memory = IdleMemory()
    >>> memory.used()  # after each batch: costs a microsecond
    """

    def __init__(self, pause_s: float = PAUSE_S, give_back: Callable[[], None] = trim_heap) -> None:
        self._pause_s = pause_s
        self._give_back = give_back
        self._used = threading.Event()
        self._last_s = 0.0
        self._thread: threading.Thread | None = None

    def used(self) -> None:
        """Say that a batch has just been answered, or a model loaded."""
        self._last_s = time.monotonic()
        if not self._used.is_set():  # to set it takes ten times as long
            self._used.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="idle memory", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        while self._used.wait():
            while (rest_s := self._last_s + self._pause_s - time.monotonic()) > 0:
                time.sleep(rest_s)
            self._used.clear()
            self._give_back()


IDLE_MEMORY = IdleMemory()
"""Of this process: Triton runs each model instance in one of its own."""

"""Spans of time that the work on a request takes, for `sightline trace`; nothing is written unless it asks.

Where the environment variable SIGHTLINE_SPANS names a folder, each process adds one JSON line per span to the file
`<process id>.jsonl` in it. Times are nanoseconds of CLOCK_MONOTONIC, the clock of Triton's own traces.
"""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

VARIABLE = "SIGHTLINE_SPANS"

_FOLDER = os.environ.get(VARIABLE)
_UNTIMED = nullcontext()


def span(stage: str) -> AbstractContextManager[None]:
    """Time what is done inside, under the name of a stage: decode, resize, edit, noise, inference or postprocess.

    Spans may lie inside one another; what is in both counts for the inner one. Without SIGHTLINE_SPANS, which is read
    when this module is imported, it costs a fifth of a microsecond.

    >>> with span("decode"):
    ...     picture = open_picture(data)
    """
    return _UNTIMED if _FOLDER is None else _Span(stage, Path(_FOLDER))


class _Span(AbstractContextManager[None]):
    def __init__(self, stage: str, folder: Path) -> None:
        self._stage, self._folder = stage, folder

    def __enter__(self) -> None:
        self._start_ns = time.monotonic_ns()

    def __exit__(self, *_: object) -> None:
        line = {
            "stage": self._stage,
            "start_ns": self._start_ns,
            "end_ns": time.monotonic_ns(),
            "pid": os.getpid(),
            "thread": threading.get_native_id(),
        }
        os.write(_file(self._folder, os.getpid()), json.dumps(line).encode() + b"\n")


@functools.cache
def _file(folder: Path, pid: int) -> int:
    """Each line is one write(2) to a file opened for appending, so that threads don't mix theirs."""
    return os.open(folder / f"{pid}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

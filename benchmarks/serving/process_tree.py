"""Processor time of a process and of all that it started, from Linux' `/proc`."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.catalogue.memory import descendants

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME = 11  # counted from the state, the first field after the name


def tree_cpu_s(pid: int) -> float:
    """Seconds on all cores, of `pid`, its descendants, and those of them that have ended and were waited for."""
    return sum(_ticks(each) for each in descendants(pid)) / TICKS_PER_S


def _ticks(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0  # it has ended
    # the name of the program stands in brackets and may hold anything
    fields = text.rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[_UTIME : _UTIME + 4])

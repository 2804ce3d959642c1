"""How long one answer takes, measured on this machine by the export that writes it down."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sightline_export.verification.parity import Arrays, Runtime

CALLS = 30
BUDGET_S = 5.0


@dataclass(frozen=True)
class Latency:
    """The median time of one answer. what: which runtime of which variant answered what."""

    what: str
    milliseconds: float


def measure_latency(what: str, runtime: Runtime, inputs: Arrays) -> Latency:
    """The median over up to 30 calls, at least 3, with the first row of `inputs`."""
    one = {name: array[:1] for name, array in inputs.items()}
    runtime(one)  # the first call allocates
    durations_ms: list[float] = []
    begun = time.perf_counter()
    while len(durations_ms) < 3 or (len(durations_ms) < CALLS and time.perf_counter() - begun < BUDGET_S):
        started = time.perf_counter()
        runtime(one)
        durations_ms.append(1000 * (time.perf_counter() - started))
    return Latency(what, median(durations_ms))


def machine() -> str:
    """The processor and how many of its cores are ours."""
    import os

    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{names[0] if names else platform.processor() or platform.machine()}, {cores} cores"

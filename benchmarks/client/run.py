"""What every load generator takes and gives."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MODEL = "cnn"
CONCURRENCY = 8
WARM_UP = 40


@dataclass(frozen=True)
class Addresses:
    """Where `sightline serve` listens, each as host:port."""

    http: str
    grpc: str


@dataclass(frozen=True)
class Run:
    """All pictures answered once.

    wall_s and cpu_s: seconds on the clock, and of this process on all cores.
    labels: the best class of each picture, in their order.
    """

    wall_s: float
    cpu_s: float
    labels: Sequence[str]


Load = Callable[[Addresses, Sequence[bytes]], Run]
"""Sends all pictures, `CONCURRENCY` of them at a time, over connections that are already open."""


class Stopwatch:
    """The clock and the processor time of this process since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def run(self, labels: Sequence[str]) -> Run:
        return Run(time.perf_counter() - self._wall, time.process_time() - self._cpu, labels)

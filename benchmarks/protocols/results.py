"""What was measured, and the file that it is kept in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.client.overhead import Overhead

NAMES = {"http": "HTTP", "grpc": "gRPC"}


@dataclass(frozen=True)
class Way:
    """How requests and answers travel. protocol: of `NAMES`."""

    protocol: str
    shared_memory: bool

    def __str__(self) -> str:
        return NAMES[self.protocol] + (" + shared memory" if self.shared_memory else "")


WAYS = tuple(Way(protocol, shared_memory) for shared_memory in (False, True) for protocol in NAMES)
REFERENCE = WAYS[0]
"""What the others are compared with."""


@dataclass(frozen=True)
class Load:
    """One way at one concurrency in one round, as perf_analyzer measured it. failure: why there are no figures."""

    way: Way
    concurrency: int
    per_s: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    failure: str | None = None


@dataclass(frozen=True)
class Round:
    """calls: by protocol, a call of our client one at a time beside tritonclient's."""

    number: int
    loads: tuple[Load, ...]
    calls: Mapping[str, Overhead]


@dataclass(frozen=True)
class Results:
    """One benchmark.

    seconds: of a window, of which perf_analyzer takes three. calls: through each client in each round.
    """

    machine: str
    begun: str
    seconds: float
    calls: int
    mean_picture_bytes: float
    versions: Mapping[str, str]
    rounds: tuple[Round, ...] = field(default=())


def write_results(path: Path, results: Results) -> None:
    """Written beside and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(asdict(results), indent=1) + "\n")
    beside.replace(path)

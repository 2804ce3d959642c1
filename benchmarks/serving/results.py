"""What was measured, and the file that it is kept in: written after each round, read again by --resume."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Point:
    """One system at one concurrency in one round.

    answers: within the measured time. per_s: of them.
    server_cpu_ms, client_cpu_ms: processor time on all cores for each answer.
    limit_per_s: of the bare loop, just before and just after; unknown until the round has measured it.
    """

    concurrency: int
    answers: int
    per_s: float
    p50_ms: float
    p95_ms: float
    server_cpu_ms: float
    client_cpu_ms: float
    limit_per_s: float = math.nan

    @property
    def ratio(self) -> float:
        """To the limit."""
        return self.per_s / self.limit_per_s


@dataclass(frozen=True)
class Run:
    """One system in one scenario in one round.

    failure: why there are no figures; None where there are.
    start_s: from its start to its first right answer. Memory is that of all of its processes, after the load.
    """

    scenario: str
    system: str
    failure: str | None = None
    start_s: float = 0.0
    processes: int = 0
    rss_mib: float = 0.0
    pss_mib: float = 0.0
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Round:
    """limits: answers per second of the bare loop, by scenario and arrangement, in the order they were measured.

    otherwise: ratios to them of the bare loop with one thing done differently, by scenario, what, and arrangement.
    """

    number: int
    runs: tuple[Run, ...]
    limits: Mapping[str, Mapping[str, Sequence[float]]]
    otherwise: Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True)
class Results:
    """One benchmark.

    versions: of the distributions of each system, and of the bare loop under `limit`.
    not_run: why a system could not even be installed, by its key.
    """

    machine: str
    begun: str
    seconds: float
    versions: Mapping[str, Mapping[str, str]]
    not_run: Mapping[str, str]
    rounds: tuple[Round, ...] = field(default=())

    def runs(self, scenario: str, system: str) -> list[Run]:
        """Those of one row, in the order of the rounds."""
        return [run for each in self.rounds for run in each.runs if (run.scenario, run.system) == (scenario, system)]


def write_results(path: Path, results: Results) -> None:
    """Written beside and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(asdict(results), indent=1) + "\n")
    beside.replace(path)


def read_results(path: Path) -> Results:
    """Raises ValueError where the file holds something else."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        rounds = tuple(_round(each) for each in found.pop("rounds"))
        return Results(**found, rounds=rounds)
    except (KeyError, TypeError, ValueError) as error:
        got = f"some without {error}, perhaps of an older one" if isinstance(error, KeyError) else error
        raise ValueError(
            f"expected results of this benchmark in {path}, got: {got}; remove the file to begin anew"
        ) from error


def _round(found: dict[str, Any]) -> Round:
    return Round(found["number"], tuple(_run(each) for each in found["runs"]), found["limits"], found["otherwise"])


def _run(found: dict[str, Any]) -> Run:
    points = tuple(Point(**point) for point in found.pop("points"))
    return Run(**found, points=points)

"""From the runs of all rounds to the figures of a row: medians, with the least and the greatest."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.serving.results import Results, Run


@dataclass(frozen=True)
class Spread:
    """A figure over rounds."""

    median: float
    least: float
    greatest: float


@dataclass(frozen=True)
class Column:
    """One row at one concurrency over all rounds that have figures of it."""

    ratio: Spread
    per_s: float
    p50_ms: float
    p95_ms: float
    server_cpu_ms: float
    client_cpu_ms: float


@dataclass(frozen=True)
class Row:
    """One system in one scenario.

    failures: why runs have no figures, each cause once. missing: how many of the rounds have none.
    """

    system: str
    columns: dict[int, Column]
    start_s: float
    rss_mib: float
    pss_mib: float
    processes: int
    failures: tuple[str, ...]
    missing: int

    @property
    def is_whole(self) -> bool:
        """Whether there are figures of every round, so that it can be compared."""
        return bool(self.columns) and not self.missing


def spread(values: Iterable[float]) -> Spread:
    """Raises statistics.StatisticsError where there are none."""
    known = list(values)
    return Spread(statistics.median(known), min(known), max(known))


def row(results: Results, scenario: str, system: str) -> Row:
    """What was measured of a system; without columns where nothing was."""
    runs = results.runs(scenario, system)
    good = [run for run in runs if run.failure is None]
    concurrency = sorted({point.concurrency for run in good for point in run.points})
    failures = [run.failure for run in runs if run.failure is not None]
    if not runs and system in results.not_run:
        failures = [results.not_run[system]]
    return Row(
        system=system,
        columns={each: _column(good, each) for each in concurrency},
        start_s=_median(run.start_s for run in good),
        rss_mib=_median(run.rss_mib for run in good),
        pss_mib=_median(run.pss_mib for run in good),
        processes=max((run.processes for run in good), default=0),
        failures=tuple(dict.fromkeys(failures)),
        missing=len(runs) - len(good),
    )


def limits_per_s(results: Results, scenario: str) -> dict[str, Spread]:
    """The limit by arrangement of the bare loop."""
    return _by_arrangement(each.limits.get(scenario, {}) for each in results.rounds)


def limits_otherwise(results: Results, scenario: str) -> dict[str, dict[str, Spread]]:
    """Ratios to the limit of the bare loop with one thing done differently, by what, and by arrangement."""
    rounds = [each.otherwise.get(scenario, {}) for each in results.rounds]
    return {
        variant: _by_arrangement(
            {arrangement: [ratio] for arrangement, ratio in each.get(variant, {}).items()} for each in rounds
        )
        for variant in dict.fromkeys(variant for each in rounds for variant in each)
    }


def _by_arrangement(rounds: Iterable[Mapping[str, Sequence[float]]]) -> dict[str, Spread]:
    found: dict[str, list[float]] = {}
    for each in rounds:
        for arrangement, measured in each.items():
            found.setdefault(arrangement, []).extend(measured)
    return {arrangement: spread(measured) for arrangement, measured in found.items()}


def _column(runs: Sequence[Run], concurrency: int) -> Column:
    points = [point for run in runs for point in run.points if point.concurrency == concurrency]
    return Column(
        ratio=spread(point.ratio for point in points),
        per_s=_median(point.per_s for point in points),
        p50_ms=_median(point.p50_ms for point in points),
        p95_ms=_median(point.p95_ms for point in points),
        server_cpu_ms=_median(point.server_cpu_ms for point in points),
        client_cpu_ms=_median(point.client_cpu_ms for point in points),
    )


def _median(values: Iterable[float]) -> float:
    known = list(values)
    return statistics.median(known) if known else 0.0

"""From the rounds of each point to one line about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline_server.bench.interval import MedianInterval, median_interval
from sightline_server.bench.points import Point
from sightline_server.bench.stages import Stage, stages
from sightline_server.bench.sweep import Sample


@dataclass(frozen=True)
class Summary:
    """A point over all its rounds."""

    point: Point
    throughput_per_s: MedianInterval | None
    """None where no round gave figures."""
    percentiles_ms: Mapping[int, MedianInterval]
    """Percentile -> latency; empty where no round gave figures."""
    unstable_rounds: int
    """Rounds whose windows differ by more than the limit."""
    spread_percent: float
    """By how much they differ in the worst round."""
    late_percent: float
    """Share of the requests of an open loop that were sent too late in the worst round."""
    is_behind: bool
    """Whether perf_analyzer was too busy in some round."""
    failed_requests: int
    """As Triton counted them, over all rounds."""
    stages: tuple[Stage, ...]
    """Where the requests were; the model first, then its parts."""
    failures: tuple[str, ...]
    """Why there are no figures, for each round that has none."""

    @property
    def rounds(self) -> int:
        """How many gave figures."""
        return self.throughput_per_s.count if self.throughput_per_s else 0

    @property
    def is_unstable(self) -> bool:
        return self.unstable_rounds > 0


def summarise(points: Sequence[Point], samples: Sequence[Sample], stability_percent: float) -> tuple[Summary, ...]:
    """One summary for each of `points` of which there is a sample, in their order.

    Args:
        points: The points, in the order in which they are shown.
        samples: Of these points, in any order.
        stability_percent: How far the windows of a round may differ.
    """
    found = ((point, [sample for sample in samples if sample.point == point]) for point in points)
    return tuple(summary(point, each, stability_percent) for point, each in found if each)


def summary(point: Point, samples: Sequence[Sample], stability_percent: float) -> Summary:
    measured = [each.figures for each in samples if each.figures]
    spreads = [each.log.spread_percent for each in measured]
    percentiles = sorted(measured[0].measurement.percentiles_ms) if measured else ()
    return Summary(
        point,
        median_interval(each.measurement.throughput_per_s for each in measured) if measured else None,
        {
            percent: median_interval(each.measurement.percentiles_ms[percent] for each in measured)
            for percent in percentiles
        },
        unstable_rounds=sum(spread > stability_percent for spread in spreads),
        spread_percent=max(spreads, default=0.0),
        late_percent=max((each.log.late_percent for each in measured), default=0.0),
        is_behind=any(each.log.is_behind for each in measured),
        failed_requests=sum(each.counters[point.model].failed for each in samples if each.counters),
        stages=stages([each.counters for each in samples if each.figures], point.model),
        failures=tuple(each.failure for each in samples if each.failure),
    )

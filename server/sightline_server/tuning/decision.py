"""Whether the best of the others takes the place of the default: pure functions of their rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sightline_server.arrangement import Arrangement
from sightline_server.bench.interval import CONFIDENCE, MedianInterval, median_interval
from sightline_server.tuning.objective import Round, load_within, medians, quickest_load, throughput_gain


class Measure(Enum):
    """What two arrangements were compared by."""

    THROUGHPUT = "geometric mean of the throughput"
    WITHIN_BUDGET = "highest throughput within the latency budget"
    LOWEST_P95 = "lowest p95"
    """Where one of the two, or none, keeps the budget."""


@dataclass(frozen=True)
class Decision:
    """The outcome; `gain` is how many times better the challenger is, by `measure`, over the rounds both had."""

    default: Arrangement
    challenger: Arrangement | None
    """The best of the others; None where there was none to measure."""
    measure: Measure
    gain: MedianInterval | None

    @property
    def is_replaced(self) -> bool:
        """Whether the challenger is better by more than the noise of the rounds."""
        return self.gain is not None and self.gain.low > 1 and self.gain.confidence >= CONFIDENCE

    @property
    def chosen(self) -> Arrangement:
        return self.challenger if self.challenger and self.is_replaced else self.default


def decide(
    default: Arrangement,
    default_rounds: Sequence[Round],
    challenger: Arrangement,
    challenger_rounds: Sequence[Round],
    latency_budget_ms: float | None,
) -> Decision:
    """Compares two arrangements by rounds that were measured one after the other, pair by pair.

    What made one of them the challenger must not be among these rounds: the luckiest of many looks better than it is.

    Args:
        default: What is served without tuning.
        default_rounds: At least one.
        challenger: The best of the others.
        challenger_rounds: As many.
        latency_budget_ms: See `objective`.
    """
    measure, gains = gains_of(default_rounds, challenger_rounds, latency_budget_ms)
    return Decision(default, challenger, measure, median_interval(gains))


def gains_of(
    default: Sequence[Round], challenger: Sequence[Round], latency_budget_ms: float | None
) -> tuple[Measure, list[float]]:
    pairs = list(zip(challenger, default, strict=True))
    if latency_budget_ms is None:
        return Measure.THROUGHPUT, [throughput_gain(mine, others) for mine, others in pairs]
    mine_at, others_at = (load_within(medians(each), latency_budget_ms) for each in (challenger, default))
    if mine_at and others_at:
        return Measure.WITHIN_BUDGET, [
            mine[mine_at].throughput_per_s / others[others_at].throughput_per_s for mine, others in pairs
        ]
    mine_at, others_at = (quickest_load(medians(each)) for each in (challenger, default))
    return Measure.LOWEST_P95, [others[others_at].p95_ms / mine[mine_at].p95_ms for mine, others in pairs]

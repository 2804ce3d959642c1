"""Which of several arrangements is best, and whether it takes the place of the default."""

import pytest

from sightline_server.tuning.decision import Measure, decide
from sightline_server.tuning.objective import load_within, medians, ranking

from .figures import BOTH, DEFAULT, PORTABLE, TWO, figures


def test_medians_are_taken_at_each_load() -> None:
    rounds = [figures(1, 80, 3), figures(3, 10, 1), figures(2, 20, 2)]
    assert [each.throughput_per_s for each in medians(rounds).values()] == [2, 20, 2]


def test_without_a_budget_every_load_counts_alike() -> None:
    measured = {
        DEFAULT: [figures(100, 200, 300)],
        TWO: [figures(50, 210, 310)],  # a little better at two loads, much worse at one
        BOTH: [figures(100, 200, 310)],
    }
    assert ranking(measured, None) == [BOTH, DEFAULT, TWO]


def test_with_a_budget_the_throughput_within_it_counts() -> None:
    measured = {
        DEFAULT: [figures(100, 200, 900, (10, 30, 80))],
        TWO: [figures(50, 210, 220, (10, 50, 51))],  # 32 in flight are too slow, 8 are not
        PORTABLE: [figures(900, 900, 900, (60, 70, 80))],
        BOTH: [figures(900, 900, 900, (51, 70, 80))],
    }
    assert ranking(measured, 50) == [TWO, DEFAULT, BOTH, PORTABLE]


def test_the_budget_is_kept_at_its_very_value() -> None:
    assert load_within(figures(1, 2, 3, (10, 50, 50.1)), 50) == 8
    assert load_within(figures(1, 2, 3, (51, 52, 53)), 50) is None


def test_one_that_is_always_better_takes_the_place_of_the_default() -> None:
    slow, fast = [figures(100, 100, 100)] * 6, [figures(110, 105, 103)] * 6
    decision = decide(DEFAULT, slow, TWO, fast, None)
    assert (decision.chosen, decision.measure) == (TWO, Measure.THROUGHPUT)
    assert decision.gain is not None
    assert decision.gain.median == pytest.approx((1.1 * 1.05 * 1.03) ** (1 / 3))


def test_one_that_is_better_by_less_than_the_noise_does_not() -> None:
    slow = [figures(100, 100, 100)] * 6
    mostly = [figures(120, 120, 120)] * 5 + [figures(99, 99, 99)]
    assert decide(DEFAULT, slow, TWO, mostly, None).chosen == DEFAULT


def test_five_rounds_are_no_proof() -> None:
    assert decide(DEFAULT, [figures(1, 1, 1)] * 5, TWO, [figures(2, 2, 2)] * 5, None).chosen == DEFAULT


def test_rounds_are_compared_pair_by_pair() -> None:
    drift = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]  # much more than what one is better by
    slow = [figures(each, each, each) for each in drift]
    fast = [figures(1.02 * each, 1.02 * each, 1.02 * each) for each in drift]
    assert decide(DEFAULT, slow, TWO, fast, None).chosen == TWO


@pytest.mark.parametrize(
    ("default_p95_ms", "challenger_p95_ms", "measure", "is_replaced"),
    [
        ((10, 20, 30), (10, 20, 30), Measure.WITHIN_BUDGET, True),
        ((60, 70, 80), (40, 60, 80), Measure.LOWEST_P95, True),
        ((60, 70, 80), (55, 60, 80), Measure.LOWEST_P95, True),
        ((60, 70, 80), (60, 70, 80), Measure.LOWEST_P95, False),
    ],
    ids=["both keep the budget", "one keeps it", "none keeps it", "none does, and they are alike"],
)
def test_with_a_budget_the_latency_counts_where_it_is_not_kept(
    default_p95_ms: tuple[float, float, float],
    challenger_p95_ms: tuple[float, float, float],
    measure: Measure,
    is_replaced: bool,
) -> None:
    slow, fast = figures(100, 200, 300, default_p95_ms), figures(200, 400, 600, challenger_p95_ms)
    decision = decide(DEFAULT, [slow] * 6, TWO, [fast] * 6, 50)
    assert (decision.measure, decision.is_replaced) == (measure, is_replaced)

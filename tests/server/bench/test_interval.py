"""The interval of a median against the tables of statistics books."""

import statistics
from itertools import pairwise

import numpy as np
import pytest

from sightline_server.bench.interval import coverage, median_interval


@pytest.mark.parametrize(
    ("count", "rank", "confidence"),
    # W. J. Conover, Practical Nonparametric Statistics, and any table of the binomial distribution
    [(6, 1, 0.96875), (8, 1, 0.9921875), (9, 2, 0.9609375), (10, 2, 0.978515625), (20, 6, 0.9586), (25, 8, 0.9567)],
)
def test_the_ranks_are_those_of_the_books(count: int, rank: int, confidence: float) -> None:
    values = [float(value) for value in range(1, count + 1)]
    found = median_interval(values)
    assert (found.low, found.high) == (rank, count + 1 - rank)
    assert found.confidence == pytest.approx(confidence, abs=5e-5)
    assert (found.median, found.count) == (statistics.median(values), count)


@pytest.mark.parametrize(("count", "confidence"), [(1, 0.0), (2, 0.5), (3, 0.75), (4, 0.875), (5, 0.9375)])
def test_too_few_values_say_how_little_they_prove(count: int, confidence: float) -> None:
    found = median_interval(float(value) for value in range(count))
    assert (found.low, found.high, found.confidence) == (0, count - 1, confidence)


def test_the_order_of_the_rounds_does_not_matter() -> None:
    values = [float(value) for value in range(30)]
    assert median_interval(values[::-2] + values[::2]) == median_interval(values)


def test_a_wider_interval_is_surer() -> None:
    assert all(wide > narrow for wide, narrow in pairwise(coverage(rank, 30) for rank in range(1, 16)))


def test_the_promised_share_of_intervals_holds_the_true_median() -> None:
    # lopsided, with a median of 1
    samples = np.random.default_rng(7).lognormal(size=(4000, 9)).tolist()
    held = sum(found.low <= 1 <= found.high for found in map(median_interval, samples)) / len(samples)
    assert held == pytest.approx(0.9609, abs=0.01)


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]], ids=["none", "not a number", "infinite"])
def test_what_has_no_median_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="expected one finite value per round"):
        median_interval(values)

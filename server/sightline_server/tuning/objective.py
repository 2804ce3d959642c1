"""What makes one arrangement better than another: pure functions of measured rounds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean, median
from typing import TypeAlias

from sightline_server.arrangement import Arrangement


@dataclass(frozen=True)
class LoadFigures:
    """What one round measured at one number of requests in flight."""

    throughput_per_s: float
    p95_ms: float


Round: TypeAlias = Mapping[int, LoadFigures]
"""Requests in flight -> figures, of one arrangement."""
Rounds: TypeAlias = Mapping[Arrangement, Sequence[Round]]
"""Every arrangement with its rounds, in order; at least one each."""


def medians(rounds: Sequence[Round]) -> Round:
    """The medians over the rounds, at each load."""
    return {
        load: LoadFigures(
            median(each[load].throughput_per_s for each in rounds), median(each[load].p95_ms for each in rounds)
        )
        for load in rounds[0]
    }


def best_throughput_per_s(measured: Iterable[Round]) -> dict[int, float]:
    """The best seen at each load."""
    found: dict[int, float] = {}
    for each in measured:
        for load, figures in each.items():
            found[load] = max(found.get(load, 0.0), figures.throughput_per_s)
    return found


def score(figures: Round, best_per_s: Mapping[int, float]) -> float:
    """Geometric mean over the loads of throughput relative to the best seen there; 1 is the best at every load.

    Example:
        >>> score({1: LoadFigures(50, 20), 8: LoadFigures(200, 40)}, {1: 100, 8: 200})
        0.7071067811865476
    """
    return geometric_mean(each.throughput_per_s / best_per_s[load] for load, each in figures.items())


def load_within(figures: Round, latency_budget_ms: float) -> int | None:
    """The load with the highest throughput of those whose p95 stays within the budget; None where none does."""
    within = [load for load, each in figures.items() if each.p95_ms <= latency_budget_ms]
    return max(within, key=lambda load: figures[load].throughput_per_s, default=None)


def quickest_load(figures: Round) -> int:
    """The load with the lowest p95."""
    return min(figures, key=lambda load: figures[load].p95_ms)


def ranking(measured: Rounds, latency_budget_ms: float | None) -> list[Arrangement]:
    """The arrangements, best first.

    Without a budget by `score` of the medians. With one, first those that keep it, by the throughput at `load_within`;
    then the others, by their lowest p95.
    """
    figures = {each: medians(rounds) for each, rounds in measured.items()}
    best = best_throughput_per_s(figures.values())

    def key(arrangement: Arrangement) -> tuple[bool, float]:
        mine = figures[arrangement]
        if latency_budget_ms is None:
            return True, score(mine, best)
        load = load_within(mine, latency_budget_ms)
        return (True, mine[load].throughput_per_s) if load else (False, -mine[quickest_load(mine)].p95_ms)

    return sorted(figures, key=key, reverse=True)


def throughput_gain(challenger: Round, default: Round) -> float:
    """By what factor the geometric mean of the throughput over all loads is higher."""
    return math.exp(
        sum(math.log(challenger[load].throughput_per_s / default[load].throughput_per_s) for load in default)
        / len(default)
    )

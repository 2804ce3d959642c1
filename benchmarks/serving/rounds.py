"""A round: every system once, in an order of its own, each between two measurements of the limit."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean

from benchmarks.serving.environments import Installed
from benchmarks.serving.limit import Arrangement, arrangement, measure_limit, otherwise
from benchmarks.serving.measuring import Subject, measure
from benchmarks.serving.results import Round, Run
from benchmarks.serving.scenario import Questions, Scenario, Served
from benchmarks.serving.system import System

Say = Callable[[str], None]


@dataclass(frozen=True)
class Comparison:
    """One scenario with all that takes part in it."""

    scenario: Scenario
    model: Served
    questions: Questions
    concurrency: tuple[int, ...]
    systems: tuple[tuple[System, Installed], ...]


def measured_round(comparisons: Sequence[Comparison], number: int, seconds: float, say: Say) -> Round:
    """Every comparison, one after the other."""
    runs: list[Run] = []
    limits: dict[str, Mapping[str, Sequence[float]]] = {}
    ratios: dict[str, Mapping[str, Mapping[str, float]]] = {}
    for comparison in comparisons:
        key = comparison.scenario.key
        found, limits[key], ratios[key] = _compared(comparison, number, seconds, say)
        runs += found
    return Round(number, tuple(runs), limits, ratios)


def _compared(
    comparison: Comparison, number: int, seconds: float, say: Say
) -> tuple[list[Run], Mapping[str, Sequence[float]], Mapping[str, Mapping[str, float]]]:
    """The runs, the limits by arrangement, and the ratios to them of the bare loop done otherwise."""
    key = comparison.scenario.key
    arrangements = sorted({arrangement(each) for each in comparison.concurrency}, key=lambda each: each.processes)
    limits: dict[Arrangement, list[float]] = {each: [] for each in arrangements}

    def measured_limit(how: Arrangement, variant: str = "") -> float:
        # half as long as a system, for it is measured on both sides of each
        files = comparison.questions.files
        limit = measure_limit(comparison.model, comparison.scenario.asks, files, how, seconds / 2)
        say(f"round {number + 1}, {key}, the limit, {how.name}{variant and ', '}{variant}: {limit.per_s:.0f}/s")
        return limit.per_s

    def measure_limits() -> None:
        for how, known in limits.items():
            known.append(measured_limit(how))

    order = random.Random(number).sample(comparison.systems, len(comparison.systems))  # noqa: S311  # no secret
    runs: list[Run] = []
    measure_limits()
    varied = {
        (variant, how): measured_limit(other, variant)
        for how in limits
        for variant, other in otherwise(how, comparison.scenario.asks).items()
    }
    measure_limits()
    for system, installed in order:
        subject = Subject(system, installed, comparison.scenario, comparison.model, comparison.questions)
        run = measure(subject, comparison.concurrency, seconds)
        measure_limits()
        runs.append(between(run, lambda each: limits[arrangement(each)][-2:]))
        say(f"round {number + 1}, {key}, {in_words(runs[-1])}")
    ratios: dict[str, dict[str, float]] = {}
    for (variant, how), per_s in varied.items():
        ratios.setdefault(variant, {})[how.name] = per_s / mean(limits[how][:2])
    return runs, {how.name: known for how, known in limits.items()}, ratios


def between(run: Run, limits_per_s: Callable[[int], Sequence[float]]) -> Run:
    """The run with the mean of the limits before and after it."""
    points = tuple(replace(point, limit_per_s=mean(limits_per_s(point.concurrency))) for point in run.points)
    return replace(run, points=points)


def in_words(run: Run) -> str:
    """One line for the terminal."""
    if run.failure:
        return f"{run.system}: {run.failure}"
    ratios = ", ".join(f"{point.ratio:.2f} at {point.concurrency}" for point in run.points)
    return f"{run.system}: {ratios} of the limit, started in {run.start_s:.1f} s"

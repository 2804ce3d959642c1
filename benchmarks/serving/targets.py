"""What was promised, and whether the figures keep it. Every ratio is a median of ratios to the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.serving.summary import Row

FACTOR_OF_TIME = 1.15
"""How much longer than in the process one call over HTTP may take."""


@dataclass(frozen=True)
class Target:
    """least: the ratio that is wanted; None: first place among all rows with figures."""

    scenario: str
    system: str
    concurrency: int
    least: float | None


@dataclass(frozen=True)
class Verdict:
    """Whether a target was reached; None where it can't be told.

    measured: the ratio. rival: the best other system with its ratio, where the target is the first place.
    """

    target: Target
    reached: bool | None = None
    measured: float | None = None
    rival: tuple[str, float] | None = None


TARGETS = (
    Target("jpeg-cnn", "sightline", 1, 1.0),
    Target("jpeg-cnn", "sightline", 8, 0.85),
    Target("jpeg-cnn", "sightline", 32, 0.97),
    *(Target("jpeg-cnn", "sightline", concurrency, None) for concurrency in (1, 8, 32)),
    *(Target("jpeg-cnn", "sightline-portable", concurrency, 0.80) for concurrency in (1, 8, 32)),
    Target("jpeg-resnet18", "sightline", 8, 0.95),
    Target("jpeg-resnet18", "sightline", 32, 0.95),
    Target("jpeg-resnet18", "sightline", 8, None),
    Target("jpeg-resnet18", "sightline", 32, None),
    Target("tensor-cnn", "sightline", 32, 0.85),
    Target("tensor-resnet18", "sightline", 1, 1 / FACTOR_OF_TIME),
)

Rows = Mapping[str, Mapping[str, Row]]
"""By scenario and system."""


def verdicts(rows: Rows) -> list[Verdict]:
    """Whether each target was reached."""
    return [_verdict(target, rows.get(target.scenario, {})) for target in TARGETS]


def _verdict(target: Target, rows: Mapping[str, Row]) -> Verdict:
    row = rows.get(target.system)
    if row is None or target.concurrency not in row.columns:
        return Verdict(target)
    ours = row.columns[target.concurrency].ratio.median
    if target.least is not None:
        return Verdict(target, ours >= target.least and row.is_whole, ours)
    others = {
        system: other.columns[target.concurrency].ratio.median
        for system, other in rows.items()
        if not system.startswith("sightline") and target.concurrency in other.columns
    }
    if not others:
        return Verdict(target, None, ours)
    best = max(others, key=lambda system: others[system])
    return Verdict(target, ours > others[best] and row.is_whole, ours, (best, others[best]))

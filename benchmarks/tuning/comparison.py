"""The choice against configurations written by hand: pure functions of rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline_server.bench.interval import MedianInterval, median_interval
from sightline_server.tuning.objective import Round, throughput_gain

LEAST_RATIO = 0.95


@dataclass(frozen=True)
class Comparison:
    """ratios: name of a configuration -> how many times as good as it the choice is, over all rounds."""

    ratios: Mapping[str, MedianInterval]

    @property
    def best(self) -> str:
        """The best of the others."""
        return min(self.ratios, key=lambda name: self.ratios[name].median)

    @property
    def is_reached(self) -> bool:
        """Whether the choice is at most 5 % worse than the best of the others."""
        return self.ratios[self.best].median >= LEAST_RATIO


def compare(choice: Sequence[Round], others: Mapping[str, Sequence[Round]]) -> Comparison:
    """
    Args:
        choice: Its rounds.
        others: The same rounds of each of the others, by name.
    """
    return Comparison(
        {
            name: median_interval(throughput_gain(mine, its) for mine, its in zip(choice, rounds, strict=True))
            for name, rounds in others.items()
        }
    )

"""Successive halving: interleaved rounds of all arrangements, of the better half, at last of the best and default."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sightline_server.arrangement import Arrangement
from sightline_server.bench.analyzer import NoFigures
from sightline_server.tuning.objective import LoadFigures, Round, ranking
from sightline_server.tuning.options import CONCURRENCY
from sightline_server.tuning.schedule import rung_rounds, rung_sizes

MeasureLoad = Callable[[Arrangement, int], LoadFigures]
"""Measures an arrangement at so many requests in flight, or raises NoFigures."""


@dataclass
class Race:
    """The rounds of every arrangement, in the order of the rungs; it grows while it runs."""

    default: Arrangement
    latency_budget_ms: float | None
    rounds: dict[Arrangement, list[Round]] = field(default_factory=dict[Arrangement, list[Round]])
    final: dict[Arrangement, list[Round]] = field(default_factory=dict[Arrangement, list[Round]])
    """Those of the last rung, one after the other in pairs; empty where there was no time for one."""
    failures: dict[Arrangement, str] = field(default_factory=dict[Arrangement, str])
    """Arrangements that gave no figures, with the reason."""
    number: int = 0
    """Of rounds so far."""

    def run(
        self,
        runners: Sequence[Arrangement],
        measure: MeasureLoad,
        remaining_s: Callable[[], float],
        round_s: float,
        dropped: Callable[[Arrangement], None],
    ) -> None:
        """Runs until the time is over.

        Args:
            runners: All arrangements, the default among them.
            measure: Is called for one arrangement and load after the other.
            remaining_s: The time that is left.
            round_s: What a round of one arrangement takes.
            dropped: Is told who is not measured any more.

        Raises:
            NoFigures: The default gave none.
        """
        sizes = rung_sizes(len(runners))
        standing = list(runners)
        for size, count in zip(sizes[1:], rung_rounds(sizes, remaining_s(), round_s), strict=True):
            for _ in range(count):
                if remaining_s() >= len(standing) * round_s:
                    standing = self.round(standing, measure, dropped)
            for each in self.losers(standing, size):
                standing.remove(each)
                dropped(each)
        while len(standing) > 1 and remaining_s() >= len(standing) * round_s:
            standing = self.round(standing, measure, dropped, self.final)

    def round(
        self,
        standing: Sequence[Arrangement],
        measure: MeasureLoad,
        dropped: Callable[[Arrangement], None],
        kept: dict[Arrangement, list[Round]] | None = None,
    ) -> list[Arrangement]:
        """One round of each; returns those that gave figures. At each load they follow one another directly."""
        self.number += 1
        order = random.Random(self.number).sample(standing, len(standing))  # noqa: S311  # no secret
        figures: dict[Arrangement, dict[int, LoadFigures]] = {each: {} for each in standing}
        for load in CONCURRENCY:
            for each in [each for each in order if each in figures]:
                try:
                    figures[each][load] = measure(each, load)
                except NoFigures as error:
                    if each == self.default:
                        raise
                    self.failures[each] = str(error)
                    del figures[each]
                    dropped(each)
        for each, round_ in figures.items():
            self.rounds.setdefault(each, []).append(round_)
            if kept is not None:
                kept.setdefault(each, []).append(round_)
        return list(figures)

    def losers(self, standing: Sequence[Arrangement], size: int) -> list[Arrangement]:
        """Who goes, so that at most `size` stay; the default always stays."""
        measured = {each: self.rounds[each] for each in standing if each in self.rounds}
        ranked = dict.fromkeys([*ranking(measured, self.latency_budget_ms), *standing])
        return [each for each in ranked if each != self.default][size - 1 :]

"""Many requests to one waterfall: how long each stage takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from sightline_server.tracing.stages import UNATTRIBUTED, Stage


@dataclass(frozen=True)
class Row:
    """A stage of one step: its mean duration, and its share of the wall time.

    begin_ns: how long all rows before it take: where its bar begins.
    """

    stage: str
    step: str
    begin_ns: float
    duration_ns: float
    share: float


@dataclass(frozen=True)
class Waterfall:
    """Where the time of a request to a model goes.

    requests: how many it is the mean of.
    wall_ns: mean time of a whole request; the rows add up to it.
    rows: in the order in which they begin; what nobody accounts for is last.
    """

    model: str
    requests: int
    wall_ns: float
    rows: tuple[Row, ...]

    @property
    def attributed_share(self) -> float:
        """The share of the wall time that is known to be spent in a stage, 0 to 1."""
        return sum(row.share for row in self.rows if row.stage != UNATTRIBUTED)

    def stage_ns(self, stage: str) -> float:
        """The time of a stage in all steps together; 0 for one that there is not."""
        return sum(row.duration_ns for row in self.rows if row.stage == stage)


def waterfall(model: str, requests: Iterable[Sequence[Stage]]) -> Waterfall:
    """The mean over the middle half of the requests, ordered by their wall time.

    Quarters with the fastest and the slowest requests are left out, as a median would; means, because they add up.

    Args:
        model: that was asked.
        requests: of each request the stages as `stages_of` gives them; at least one.
    """
    kept = middle_half(sorted(requests, key=wall_ns))
    wall = fmean(wall_ns(stages) for stages in kept)
    total_ns: dict[tuple[str, str], float] = {}
    first_ns: dict[tuple[str, str], list[int]] = {}
    for stages in kept:
        begun: set[tuple[str, str]] = set()
        for stage in stages:
            key = (stage.name, stage.step)
            total_ns[key] = total_ns.get(key, 0.0) + stage.duration_ns
            if key not in begun:
                begun.add(key)
                first_ns.setdefault(key, []).append(stage.start_ns - stages[0].start_ns)
    rows: list[Row] = []
    begin_ns = 0.0
    for key in sorted(total_ns, key=lambda key: (key[0] == UNATTRIBUTED, fmean(first_ns[key]))):
        duration_ns = total_ns[key] / len(kept)
        rows.append(Row(*key, begin_ns, duration_ns, duration_ns / wall if wall else 0.0))
        begin_ns += duration_ns
    return Waterfall(model, len(kept), wall, tuple(rows))


def middle_half(ordered: Sequence[Sequence[Stage]]) -> Sequence[Sequence[Stage]]:
    quarter = len(ordered) // 4
    return ordered[quarter : len(ordered) - quarter]


def wall_ns(stages: Sequence[Stage]) -> int:
    return stages[-1].end_ns - stages[0].start_ns

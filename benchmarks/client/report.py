"""From the figures of each round to ratios and tables."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.client.overhead import Overhead
from rich.table import Table

TARGETS = {"Client, grpc": 0.7, "AsyncClient, grpc": 0.8}
OVERHEAD_TARGET = 1.10


@dataclass(frozen=True)
class Rate:
    """One generator in one round. cpu_ms: processor time of this process per picture; None where it was not ours."""

    per_s: float
    cpu_ms: float | None


@dataclass(frozen=True)
class Summary:
    """One generator over all rounds; the ratios are to perf_analyzer over the same protocol in the same round."""

    per_s: float
    cpu_ms: float | None
    ratio: float
    ratio_min: float
    ratio_max: float


Round = Mapping[str, Rate]
"""By the name of the generator, which ends with its protocol: "Client, grpc"."""


def reference(protocol: str) -> str:
    return f"perf_analyzer, {protocol}"


def protocol_of(name: str) -> str:
    return name.rpartition(", ")[2]


def summarise(rounds: Sequence[Round]) -> dict[str, Summary]:
    """By protocol, the slowest first."""
    found = {name: summary(name, rounds) for name in rounds[0]}
    return dict(sorted(found.items(), key=lambda item: (protocol_of(item[0]), item[1].ratio)))


def summary(name: str, rounds: Sequence[Round]) -> Summary:
    ratios = [each[name].per_s / each[reference(protocol_of(name))].per_s for each in rounds]
    cpu_ms = [rate.cpu_ms for each in rounds if (rate := each[name]).cpu_ms is not None]
    return Summary(
        per_s=statistics.median(each[name].per_s for each in rounds),
        cpu_ms=statistics.median(cpu_ms) if cpu_ms else None,
        ratio=statistics.median(ratios),
        ratio_min=min(ratios),
        ratio_max=max(ratios),
    )


def rate_table(summaries: Mapping[str, Summary], rounds: int) -> Table:
    title = f"8 requests in flight, medians of {rounds} rounds"
    table = Table("generator", "pictures/s", "client CPU ms", "to perf_analyzer", "min - max", "wanted", title=title)
    for name, each in summaries.items():
        cpu = "" if each.cpu_ms is None else f"{each.cpu_ms:.2f}"
        wanted = f">= {TARGETS[name]}" if name in TARGETS else ""
        spread = f"{each.ratio_min:.2f} - {each.ratio_max:.2f}"
        table.add_row(name, f"{each.per_s:.0f}", cpu, f"{each.ratio:.2f}", spread, wanted)
    return table


def overhead_table(overheads: Mapping[str, Overhead]) -> Table:
    title = "One call at a time: ours over bare tritonclient"
    table = Table("", "bare ms", "ours ms", "ratio", "min - max", "bare CPU ms", "ours CPU ms", "wanted", title=title)
    for name, each in overheads.items():
        table.add_row(
            name,
            f"{each.bare_ms:.2f}",
            f"{each.ours_ms:.2f}",
            f"{each.ratio:.3f}",
            f"{each.ratio_min:.3f} - {each.ratio_max:.3f}",
            f"{each.bare_cpu_ms:.2f}",
            f"{each.ours_cpu_ms:.2f}",
            f"<= {OVERHEAD_TARGET}",
        )
    return table


def missed(summaries: Mapping[str, Summary], overheads: Mapping[str, Overhead]) -> list[str]:
    """A sentence for each target that was not reached."""
    slow = [
        f"{name} reached {each.ratio:.2f} of perf_analyzer, wanted {TARGETS[name]}"
        for name, each in summaries.items()
        if each.ratio < TARGETS.get(name, 0)
    ]
    dear = [
        f"a call of {name} took {each.ratio:.3f} times as long as bare tritonclient's, wanted {OVERHEAD_TARGET}"
        for name, each in overheads.items()
        if each.ratio > OVERHEAD_TARGET
    ]
    return slow + dear

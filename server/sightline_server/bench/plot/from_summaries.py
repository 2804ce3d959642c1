"""Which curves are drawn of the figures: one chart for each model and each kind of load."""

from collections.abc import Sequence

from sightline_server.bench.plot.chart import Chart, Curve, Dot
from sightline_server.bench.plot.pen import Colour
from sightline_server.bench.points import PROTOCOLS, Loop
from sightline_server.bench.summary import Summary

# Okabe and Ito: people with any kind of colour vision can tell them apart
COLOURS: dict[str, Colour] = {"http": (213, 94, 0), "grpc": (0, 114, 178)}
OFFSETS = {"http": -3.0, "grpc": 3.0}
DASHES: dict[int, tuple[float, float] | None] = {50: None, 95: (9.0, 5.0), 99: (2.5, 4.0)}
"""Percentile -> how its line is broken."""
SIDES = {50: None, 95: 4, 99: 3}
"""Percentile -> how many sides its dots have."""
LOAD_NAMES = {Loop.CLOSED: "requests in flight", Loop.OPEN: "requests per second sent"}


def charts(summaries: Sequence[Summary], stability_percent: float) -> dict[tuple[str, Loop], Chart]:
    """By model and loop, what is to be drawn; nothing of points without figures."""
    found: dict[tuple[str, Loop], list[Summary]] = {}
    for each in summaries:
        if each.rounds:
            found.setdefault((each.point.model, each.point.load.loop), []).append(each)
    return {key: chart(*key, each, stability_percent) for key, each in found.items()}


def chart(model: str, loop: Loop, summaries: Sequence[Summary], stability_percent: float) -> Chart:
    protocols = [name for name in PROTOCOLS if any(each.point.protocol == name for each in summaries)]
    by_protocol = {name: [each for each in summaries if each.point.protocol == name] for name in protocols}
    throughput = (throughput_curve(name, each) for name, each in by_protocol.items())
    latency = (latency_curve(name, percent, each) for name, each in by_protocol.items() for percent in DASHES)
    rounds = max(each.rounds for each in summaries)
    remark = f"Medians of {rounds} rounds with their 95 % intervals."
    if rounds < 2:
        remark = "One round."
    elif min(each.throughput_per_s.confidence for each in summaries if each.throughput_per_s) < 0.95:
        remark = (
            f"Medians of {rounds} rounds, which are too few for a 95 % interval; bars are the least and the greatest."
        )
    if any(each.is_unstable for each in summaries):
        remark += f" Hollow: windows of a round differ by more than {stability_percent:g} %."
    memory = ", shared memory" if any(each.point.shared_memory for each in summaries) else ""
    return Chart(
        f"{model}: closed loop{memory}" if loop is Loop.CLOSED else f"{model}: open loop{memory}",
        LOAD_NAMES[loop],
        tuple(throughput),
        tuple(curve for curve in latency if curve.dots),
        remark,
    )


def throughput_curve(protocol: str, summaries: Sequence[Summary]) -> Curve:
    dots = tuple(
        Dot(each.point.load.value, each.throughput_per_s, each.is_unstable)
        for each in summaries
        if each.throughput_per_s
    )
    return Curve(protocol, COLOURS[protocol], dots, offset=OFFSETS[protocol])


def latency_curve(protocol: str, percent: int, summaries: Sequence[Summary]) -> Curve:
    dots = tuple(
        Dot(each.point.load.value, each.percentiles_ms[percent], each.is_unstable)
        for each in summaries
        if percent in each.percentiles_ms
    )
    return Curve(f"p{percent}", COLOURS[protocol], dots, DASHES[percent], SIDES[percent], OFFSETS[protocol])

"""The results as Markdown, put between two marks of docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.markdown import markdown_table, write_between
from benchmarks.protocols.results import NAMES, REFERENCE, WAYS, Results, Way
from benchmarks.protocols.summary import CallSummary, LoadSummary, call_summaries, load_summaries
from benchmarks.serving.summary import Spread

BEGIN, END = "<!-- benchmark-protocols: begin -->", "<!-- benchmark-protocols: end -->"
NOTHING = "-"
ITSELF = Spread(1.0, 1.0, 1.0)  # the ratio of what the others are compared with
CALL_COLUMNS = (
    "one call at a time",
    "over",
    "wall ms",
    "CPU ms",
    "wall, to tritonclient",
    "CPU, to tritonclient",
    "wall, to HTTP",
    "CPU, to HTTP",
)


def document(results: Results) -> str:
    """Two tables: what perf_analyzer measured, and what a call of the client costs."""
    loads = load_summaries(results.rounds)
    sections = [_preamble(results), _load_table(loads)]
    sections += [f"No figures: {line}." for each in loads if (line := _missing(each, len(results.rounds)))]
    return "\n\n".join(
        [
            *sections,
            f"The Python client, {results.calls} calls through each in every round, in turn. CPU is the processor time "
            "of the calling process, on all cores:",
            _call_table(call_summaries(results.rounds)),
        ]
    )


def write_report(path: Path, results: Results) -> None:
    """Put the tables between the marks of the document. Raises RuntimeError where it has none."""
    write_between(path, BEGIN, END, document(results))


def _preamble(results: Results) -> str:
    rounds = len(results.rounds)
    size_kb = results.mean_picture_bytes / 1000
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    return (
        f"Measured on {results.begun} on {results.machine}, {rounds} round{'s' if rounds != 1 else ''} of three "
        f"windows of {results.seconds:g} s for each figure; pictures of {size_kb:.0f} KB; {versions}. "
        "Medians of the rounds, and in brackets the least and the greatest; ratios are to HTTP in the same round. "
        "perf_analyzer, answers per second:"
    )


def _load_table(loads: Sequence[LoadSummary]) -> str:
    concurrency = sorted({each.concurrency for each in loads})
    first = [each for each in loads if each.way == REFERENCE]
    rows = [[f"{REFERENCE}, answers/s", *(_rate(each.per_s) for each in first), _latencies(first)]]
    for way in WAYS[1:]:
        here = _of(loads, way)
        rows.append([f"{way}, ratio", *(_ratio(each.ratio) for each in here), _latencies(here)])
    named = ", ".join(map(str, concurrency))
    return markdown_table(["", *(f"c={each}" for each in concurrency), f"p50 / p95 ms at c={named}"], rows)


def _of(loads: Sequence[LoadSummary], way: Way) -> list[LoadSummary]:
    return [each for each in loads if each.way == way]


def _latencies(loads: Sequence[LoadSummary]) -> str:
    return ", ".join(
        f"{each.p50_ms.median:.1f} / {each.p95_ms.median:.1f}" if each.p50_ms and each.p95_ms else NOTHING
        for each in loads
    )


def _missing(load: LoadSummary, rounds: int) -> str:
    if not load.missing:
        return ""
    causes = "; ".join(" ".join(cause.split()) for cause in load.failures)
    return f"{load.way} at c={load.concurrency} in {load.missing} of {rounds} rounds: {causes}"


def _call_table(calls: Sequence[CallSummary]) -> str:
    rows = [
        [
            each.client,
            NAMES[each.protocol],
            _figure(each.wall_ms),
            _figure(each.cpu_ms),
            _ratio(each.wall_to_bare),
            _ratio(each.cpu_to_bare),
            _ratio(each.wall_to_http),
            _ratio(each.cpu_to_http),
        ]
        for each in calls
    ]
    return markdown_table(CALL_COLUMNS, rows)


def _rate(measured: Spread | None) -> str:
    return f"{measured.median:.0f} ({measured.least:.0f} - {measured.greatest:.0f})" if measured else NOTHING


def _ratio(measured: Spread | None) -> str:
    if measured == ITSELF:
        return "1"
    return _figure(measured) if measured else NOTHING


def _figure(measured: Spread) -> str:
    return f"{measured.median:.2f} ({measured.least:.2f} - {measured.greatest:.2f})"

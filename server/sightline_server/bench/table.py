"""The tables on stdout: drawn on a terminal, else lines of cells with tabs between them."""

from collections.abc import Sequence
from typing import TextIO

from sightline_server.bench.interval import CONFIDENCE, MedianInterval
from sightline_server.bench.points import Point
from sightline_server.bench.summary import Summary

PERCENTILES = (50, 95, 99)
STAGE_COLUMNS = ("STEP", "CALLS", "BATCH", "QUEUE MS", "INPUT MS", "INFER MS", "OUTPUT MS", "TOTAL MS")

Row = tuple[str, ...]


def load_table(summaries: Sequence[Summary], percentile: int | None) -> list[Row]:
    """Throughput and latency, the names of the columns first.

    percentile: one more to show, beside `PERCENTILES`.
    """
    percentiles = sorted({*PERCENTILES, percentile or PERCENTILES[0]})
    latencies = (f"P{each} MS" for each in percentiles)
    names = (
        *load_columns(summaries),
        "ANSWERS/S",
        f"{CONFIDENCE:.0%} INTERVAL",
        *latencies,
        "ROUNDS",
        "FAILED",
        "NOTE",
    )
    return [names, *(load_row(each, percentiles) for each in summaries)]


def load_row(summary: Summary, percentiles: Sequence[int]) -> Row:
    throughput = summary.throughput_per_s
    latencies = (summary.percentiles_ms.get(percent) for percent in percentiles)
    return (
        *load_cells(summary.point),
        number(throughput.median) if throughput else "-",
        interval(throughput) if throughput else "-",
        *(number(each.median) if each else "-" for each in latencies),
        str(summary.rounds),
        str(summary.failed_requests),
        "; ".join(notes(summary)) or "-",
    )


def stage_table(summaries: Sequence[Summary]) -> list[Row]:
    """Where a request was, the names of the columns first."""
    rows = [
        (
            *load_cells(summary.point),
            stage.model,
            number(stage.calls),
            number(stage.batch),
            *map(number, (stage.queue_ms, stage.input_ms, stage.infer_ms, stage.output_ms, stage.total_ms)),
        )
        for summary in summaries
        for stage in summary.stages
    ]
    return [(*load_columns(summaries), *STAGE_COLUMNS), *rows]


def load_columns(summaries: Sequence[Summary]) -> Row:
    """Names of `load_cells`. Shared memory is a condition of a whole run, so it stands here and not in each line."""
    memory = " WITH SHARED MEMORY" if any(each.point.shared_memory for each in summaries) else ""
    return "MODEL", f"PROTOCOL{memory}", "LOAD"


def load_cells(point: Point) -> Row:
    return point.model, point.protocol, str(point.load)


def notes(summary: Summary) -> list[str]:
    """What is to be known before the figures are believed."""
    found: list[str] = []
    if summary.is_unstable:
        rounds = f"in {summary.unstable_rounds} of {summary.rounds} rounds"
        found.append(f"unstable {rounds}, by up to {summary.spread_percent:.0f} %")
    if summary.late_percent:
        found.append(f"up to {summary.late_percent:.0f} % of the requests were sent late")
    if summary.is_behind:
        found.append("perf_analyzer itself was too busy")
    if summary.failures:
        rounds = summary.rounds + len(summary.failures)
        found.append(f"no figures in {len(summary.failures)} of {rounds} rounds")
    return found


def interval(found: MedianInterval) -> str:
    reached = "" if found.confidence >= CONFIDENCE else f" ({found.confidence:.0%})"
    return f"{number(found.low)} - {number(found.high)}{reached}"


def number(value: float) -> str:
    """With three digits that count, as far as they are behind the point."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"


def print_table(rows: Sequence[Row], stream: TextIO) -> None:
    """rows: cells, the names of the columns first."""
    if not stream.isatty():
        print("\n".join("\t".join(row) for row in rows), file=stream, flush=True)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name, cell in zip(rows[0], rows[-1], strict=True):
        table.add_column(name, justify="right" if cell[:1].isdigit() else "left")
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    Console(file=stream).print(table)

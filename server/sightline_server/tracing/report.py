"""The waterfall as text: bars on a terminal, lines elsewhere, and JSON."""

import json
from typing import TextIO

from sightline_server.tracing.palette import stage_colour
from sightline_server.tracing.waterfall import Waterfall


def print_waterfall(waterfall: Waterfall, stream: TextIO) -> None:
    """Bars on a terminal, tab-separated values elsewhere."""
    if stream.isatty():
        print_bars(waterfall, stream)
        return
    print("stage", "step", "ms", "percent", sep="\t", file=stream)
    for row in waterfall.rows:
        print(row.stage, row.step, f"{row.duration_ns / 1e6:.3f}", f"{100 * row.share:.1f}", sep="\t", file=stream)
    print("total", "", f"{waterfall.wall_ns / 1e6:.3f}", "100.0", sep="\t", file=stream)
    stream.flush()


def print_bars(waterfall: Waterfall, stream: TextIO) -> None:
    from rich.bar import Bar
    from rich.box import SIMPLE_HEAD
    from rich.color import Color
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=title(waterfall), title_justify="left", show_footer=True, expand=True)
    table.add_column("stage", "total", no_wrap=True)
    table.add_column("step")
    table.add_column(ratio=1, min_width=20)
    table.add_column("ms", f"{waterfall.wall_ns / 1e6:.2f}", justify="right")
    table.add_column("%", "100.0", justify="right")
    for row in waterfall.rows:
        colour = Color.from_rgb(*stage_colour(row.stage))
        bar = Bar(waterfall.wall_ns, row.begin_ns, row.begin_ns + row.duration_ns, color=colour)
        table.add_row(Text(row.stage), Text(row.step), bar, f"{row.duration_ns / 1e6:.2f}", f"{100 * row.share:.1f}")
    Console(file=stream).print(table)


def title(waterfall: Waterfall) -> str:
    of = "one request" if waterfall.requests == 1 else f"the mean of the middle {waterfall.requests} requests"
    return f"{waterfall.model}: {waterfall.wall_ns / 1e6:.2f} ms, {of}"


def as_json(waterfall: Waterfall) -> str:
    """One JSON object; durations in milliseconds, shares from 0 to 1."""
    rows = [
        {"stage": row.stage, "step": row.step, "ms": row.duration_ns / 1e6, "share": row.share}
        for row in waterfall.rows
    ]
    content = {
        "model": waterfall.model,
        "requests": waterfall.requests,
        "total_ms": waterfall.wall_ns / 1e6,
        "attributed_share": waterfall.attributed_share,
        "stages": rows,
    }
    return json.dumps(content, indent=2) + "\n"

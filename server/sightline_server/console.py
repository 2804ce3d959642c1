"""What a person sees of `sightline serve`: progress and events on stderr, the table of models on stdout."""

import sys
from collections.abc import Sequence
from typing import TextIO

from sightline_server.selftest import Tested

COLUMNS = ("MODEL", "VERSION", "TASK", "INPUTS", "OUTPUTS", "GOLDEN ANSWERS")
PROGRESS_INTERVAL_S = 5.0


class Console:
    """Writes lines, and a progress line that is overwritten on a terminal."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.progress_width = 0
        self.last_progress: tuple[int, float] = (0, 0.0)

    def say(self, text: str) -> None:
        self.clear_progress()
        print(text, file=self.stream, flush=True)

    def progress(self, elapsed_s: float, loaded: Sequence[str], expected: int) -> None:
        text = f"Starting tritonserver: {elapsed_s:.1f} s, {len(loaded)} of {expected} models loaded"
        if self.is_terminal:
            print(f"\r{text:<{self.progress_width}}", end="", file=self.stream, flush=True)
            self.progress_width = len(text)
            return
        count, at_s = self.last_progress if elapsed_s >= self.last_progress[1] else (0, 0.0)
        if len(loaded) != count or elapsed_s - at_s >= PROGRESS_INTERVAL_S:
            self.last_progress = (len(loaded), elapsed_s)
            print(text, file=self.stream, flush=True)

    def clear_progress(self) -> None:
        if self.progress_width:
            print("\r" + " " * self.progress_width + "\r", end="", file=self.stream, flush=True)
            self.progress_width = 0


def model_rows(tested: Sequence[Tested]) -> list[tuple[str, ...]]:
    return [
        (
            entry.model.name,
            str(entry.version),
            entry.model.task or "-",
            ", ".join(entry.model.inputs) or "-",
            ", ".join(entry.model.outputs) or "-",
            f"{len(entry.cases)} reproduced" if entry.cases else "none",
        )
        for entry in tested
    ]


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    """A drawn table on a terminal, aligned lines elsewhere."""
    if stream.isatty():
        from rich.console import Console as RichConsole
        from rich.table import Table
        from rich.text import Text

        table = Table(*columns)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        RichConsole(file=stream).print(table)
        return
    lines = [tuple(columns), *map(tuple, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(columns))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(), file=stream)
    stream.flush()

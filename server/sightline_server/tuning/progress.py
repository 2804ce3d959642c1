"""How far tuning is, on stderr: a bar of the time on a terminal, else a line for each step."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, TextIO

from sightline_server.arrangement import Arrangement
from sightline_server.bench.table import number
from sightline_server.tuning.objective import LoadFigures


class Progress:
    """Says what is started and what was measured."""

    def __init__(self, seconds: float, stream: TextIO = sys.stderr) -> None:
        self._begun_s = time.monotonic()
        self._stream = stream
        self._bar: Any = bar(seconds, stream) if stream.isatty() else None

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def starting(self, arrangement: Arrangement) -> None:
        self._show(f"starting {arrangement}")

    def measured(self, round_number: int, arrangement: Arrangement, concurrency: int, figures: LoadFigures) -> None:
        found = f"{number(figures.throughput_per_s)} answers/s, p95 {number(figures.p95_ms)} ms"
        self._show(f"round {round_number}, {arrangement}, {concurrency} in flight: {found}")

    def _show(self, text: str) -> None:
        elapsed_s = time.monotonic() - self._begun_s
        if self._bar:
            self._bar.update(0, completed=elapsed_s, last=text)
        else:
            print(f"{elapsed_s:.0f} s: {text}", file=self._stream, flush=True)


def bar(seconds: float, stream: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[last]}"))
    shown = Progress(*columns, console=Console(file=stream), transient=True, redirect_stdout=False)
    shown.add_task("", total=seconds, last="")
    return shown

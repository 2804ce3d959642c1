"""How far the measurements are, on stderr: a bar on a terminal, else a line for each."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, TextIO

from sightline_server.bench.sweep import Sample
from sightline_server.bench.table import number


class Progress:
    """Says what was measured, and what stands in the way of it."""

    def __init__(self, total: int, stream: TextIO = sys.stderr) -> None:
        self._total = total
        self._done = 0
        self._stream = stream
        self._bar: Any = bar(total, stream) if stream.isatty() else None

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def measured(self, sample: Sample) -> None:
        self._done += 1
        text = f"round {sample.round}, {outcome(sample)}"
        if not self._bar:
            self._print(f"{self._done} of {self._total}: {text}")
            return
        if sample.failure:
            self._print(text)
        self._bar.update(0, completed=self._done, last=text)

    def _print(self, text: str) -> None:
        if self._bar:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self._stream, flush=True)


def say(text: str) -> None:
    """One line on stderr, outside the measurements."""
    print(text, file=sys.stderr, flush=True)


def outcome(sample: Sample) -> str:
    if not sample.figures:
        return f"{sample.point}: no figures: {sample.failure}"
    measurement = sample.figures.measurement
    latency = f"p50 {number(measurement.percentiles_ms[50])} ms" if 50 in measurement.percentiles_ms else ""
    return f"{sample.point}: {number(measurement.throughput_per_s)} answers/s, {latency}"


def bar(total: int, stream: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[last]}"))
    shown = Progress(*columns, console=Console(file=stream), transient=True, redirect_stdout=False)
    shown.add_task("", total=total, last="")
    return shown

"""How far a run is, on stderr: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

import click

LINE_EVERY_S = 10.0


class Progress(Protocol):
    """Counts pictures, and lets lines through."""

    def advance(self) -> None:
        """One more is finished, or has failed."""

    def say(self, line: str) -> None:
        """Print a line on stderr."""

    def pause(self) -> None:
        """Leave the terminal to what is printed next; the bar comes back by itself."""


class Lines:
    """A line every 10 seconds, and none for a short run."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._count = 0
        self._start = self._last = time.monotonic()

    def advance(self) -> None:
        self._count += 1
        now = time.monotonic()
        if now - self._last >= LINE_EVERY_S and self._count < self._total:
            self._last = now
            self.say(progress_line(self._count, self._total, now - self._start))

    def say(self, line: str) -> None:
        click.echo(line, err=True)

    def pause(self) -> None:
        pass


class Bar:
    """A bar with the count, the rate and the time left."""

    def __init__(self, title: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            # stdout is left alone: what is written to it is data for a pipe
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(title, total=total, rate="")
        self._count = 0
        self._start = time.monotonic()
        self._bar.start()

    def advance(self) -> None:
        self._bar.start()  # does nothing unless it was paused
        self._count += 1
        rate = self._count / max(time.monotonic() - self._start, 1e-3)
        self._bar.update(self._task, completed=self._count, rate=f"{rate:.3g}/s")

    def say(self, line: str) -> None:
        self.pause()
        click.echo(line, err=True)

    def pause(self) -> None:
        self._bar.stop()


@contextmanager
def progress(title: str, total: int, *, lines_on_stdout: bool) -> Generator[Progress]:
    """Show how far a run of `total` pictures is.

    Args:
        title: What the pictures are for.
        total: How many there are.
        lines_on_stdout: Whether a line is printed for each one. On a terminal these show enough themselves, and a bar
            would be drawn between them.
    """
    if total < 2 or not sys.stderr.isatty() or (lines_on_stdout and sys.stdout.isatty()):
        yield Lines(total)
        return
    bar = Bar(title, total)
    try:
        yield bar
    finally:
        bar.pause()


def progress_line(count: int, total: int, elapsed_s: float) -> str:
    """Return one line that says how far a run is.

    Example:
        >>> progress_line(1200, 5000, 24.0)
        '1,200 of 5,000 pictures, 50/s, about 1 min 16 s left'
    """
    rate = count / elapsed_s
    return f"{count:,} of {total:,} pictures, {rate:.3g}/s, about {duration((total - count) / rate)} left"


def duration(seconds: float) -> str:
    """Return a time for people, in its two largest units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"

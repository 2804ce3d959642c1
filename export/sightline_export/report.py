"""Showing an export while it runs: a bar on a terminal, plain lines otherwise; everything on stderr."""

from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sightline_export.release import Doing, Done
from sightline_export.training.progress import Epoch

PLAIN_LINES_PER_TRAINING = 6


def report(name: str, events: Iterator[Epoch | Doing | Done], console: Console | None = None) -> None:
    """Drive the export `events` to their end and show them."""
    console = console or Console(stderr=True, highlight=False)
    if console.is_terminal:
        _draw(name, events, console)
        return
    for event in events:
        match event:
            case Done(text):
                _say(console, f"{name}: {text}")
            case Epoch() if is_shown(event):
                _say(console, f"{name}: {event}")
            case _:
                pass


def is_shown(epoch: Epoch) -> bool:
    """Whether a plain log shows this epoch: a few per training, the first and the last among them."""
    every = max(1, epoch.total // PLAIN_LINES_PER_TRAINING)
    return epoch.number in (1, epoch.total) or epoch.number % every == 0


def _say(console: Console, line: str) -> None:
    # Names of files and outputs are in it: `[v2]` is no markup and `nets.py:a` no emoji.
    console.print(line, soft_wrap=True, markup=False, emoji=False, highlight=False)


def _draw(name: str, events: Iterator[Epoch | Doing | Done], console: Console) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        step = progress.add_task(name, total=None, figures="")
        for event in events:
            match event:
                case Done(text):
                    _say(console, f"{name}: {text}")
                case Doing(text):
                    progress.reset(step, total=None, description=f"{name}: {text}", figures="")
                case Epoch():
                    figures = " ".join(f"{figure} {value:.3f}" for figure, value in event.figures.items())
                    progress.update(
                        step,
                        description=f"{name}: training",
                        total=event.total,
                        completed=event.number,
                        figures=f"{event.number}/{event.total} {figures}",
                        refresh=True,
                    )

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
                console.print(f"{name}: {text}", soft_wrap=True)
            case Epoch() if is_shown(event):
                console.print(f"{name}: {event}", soft_wrap=True)
            case _:
                pass


def is_shown(epoch: Epoch) -> bool:
    """Whether a plain log shows this epoch: a few per training, the first and the last among them."""
    every = max(1, epoch.total // PLAIN_LINES_PER_TRAINING)
    return epoch.number in (1, epoch.total) or epoch.number % every == 0


def _draw(name: str, events: Iterator[Epoch | Doing | Done], console: Console) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        step = progress.add_task(name, total=None, figures="")
        for event in events:
            match event:
                case Done(text):
                    console.print(f"{name}: {text}", soft_wrap=True)
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

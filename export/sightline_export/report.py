"""Showing an export while it runs: a bar on a terminal, plain lines otherwise; everything on stderr."""

from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sightline_export.exporter import Done
from sightline_export.training.progress import Epoch

PLAIN_LINES_PER_TRAINING = 6


def report(name: str, events: Iterator[Epoch | Done], console: Console | None = None) -> None:
    """Drive the export `events` to their end and show them."""
    console = console or Console(stderr=True, highlight=False)
    if console.is_terminal:
        _draw(name, events, console)
        return
    for event in events:
        if isinstance(event, Done) or is_shown(event):
            console.print(f"{name}: {event.text if isinstance(event, Done) else event}", soft_wrap=True)


def is_shown(epoch: Epoch) -> bool:
    """Whether a plain log shows this epoch: a few per training, the first and the last among them."""
    every = max(1, epoch.total // PLAIN_LINES_PER_TRAINING)
    return epoch.number in (1, epoch.total) or epoch.number % every == 0


def _draw(name: str, events: Iterator[Epoch | Done], console: Console) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        training = progress.add_task(f"{name}: training", total=None, figures="")
        for event in events:
            if isinstance(event, Done):
                progress.update(training, visible=False)
                console.print(f"{name}: {event.text}", soft_wrap=True)
            else:
                figures = " ".join(f"{figure} {value:.3f}" for figure, value in event.figures.items())
                progress.update(training, total=event.total, completed=event.number, figures=figures, refresh=True)

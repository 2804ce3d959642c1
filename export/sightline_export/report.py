"""Showing exports while they run: a bar for each on a terminal, plain lines otherwise; everything on stderr."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from sightline_export.release import Doing, Done
from sightline_export.training.progress import Epoch

PLAIN_LINES_PER_TRAINING = 6


def report(name: str, events: Iterator[Epoch | Doing | Done], console: Console | None = None) -> None:
    """Drive the export `events` to their end and show them."""
    report_all(((name, event) for event in events), console)


def report_all(events: Iterable[tuple[str, Epoch | Doing | Done | None]], console: Console | None = None) -> None:
    """Drive several exports, of which each event comes with its name and None is the end, and show them."""
    console = console or Console(stderr=True, highlight=False)
    if console.is_terminal:
        _draw(events, console)
        return
    for name, event in events:
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


def _draw(events: Iterable[tuple[str, Epoch | Doing | Done | None]], console: Console) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bars: dict[str, TaskID] = {}
        for name, event in events:
            if event is None:
                if name in bars:
                    progress.remove_task(bars.pop(name))
                continue
            bar = bars[name] if name in bars else bars.setdefault(name, progress.add_task(name, total=None, figures=""))
            match event:
                case Done(text):
                    _say(console, f"{name}: {text}")
                case Doing(text):
                    progress.reset(bar, total=None, description=f"{name}: {text}", figures="")
                case Epoch():
                    figures = " ".join(f"{figure} {value:.3f}" for figure, value in event.figures.items())
                    progress.update(
                        bar,
                        description=f"{name}: training",
                        total=event.total,
                        completed=event.number,
                        figures=f"{event.number}/{event.total} {figures}",
                        refresh=True,
                    )

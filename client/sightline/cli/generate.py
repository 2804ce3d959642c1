"""`sightline generate`: make pictures from seeds."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import PIL.Image

from sightline._client import Client
from sightline.cli._errors import FileFailed
from sightline.cli._options import server_options


@click.command()
@click.option("--seed", type=int, required=True, metavar="N", help="Seed of the first picture.")
@click.option(
    "--count", type=click.IntRange(min=1), default=1, show_default=True, metavar="K", help="Make seeds N to N+K-1."
)
@click.option(
    "-o",
    "--output",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Folder for the pictures, made if missing.  [default: the current one]",
)
@click.option("--model", default="gan", show_default=True, help="Name of the model.")
@server_options
def generate(*, seed: int, count: int, directory: Path, model: str, url: str, timeout: float) -> None:
    """Make pictures from seeds, and print the path of each.

    The same seed gives the same picture everywhere. Files are called MODEL-SEED.png.
    """
    with Client(url, timeout=timeout) as client:
        for number in _with_progress(range(seed, seed + count), f"{model}: pictures"):
            picture = client.generate(seed=number, model=model)
            path = directory / f"{model}-{number}.png"
            try:
                directory.mkdir(parents=True, exist_ok=True)
                _save(picture, path)
            except OSError as exc:
                raise FileFailed(f"cannot write {path}: {exc.strerror}; choose another folder with -o") from exc
            click.echo(str(path))


def _save(picture: PIL.Image.Image, path: Path) -> None:
    """Write beside and rename, so that a file of this name is always a whole picture."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(buffer.getvalue())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _with_progress(seeds: range, title: str) -> Iterable[int]:
    # With both on one terminal the paths themselves show how far it is, and a bar would be drawn between them.
    return _with_bar(seeds, title) if sys.stderr.isatty() and not sys.stdout.isatty() else seeds


def _with_bar(seeds: range, title: str) -> Iterator[int]:
    from rich.console import Console
    from rich.progress import Progress

    # stdout is left alone: paths written to it are data for a pipe.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        yield from progress.track(seeds, description=title)

"""`sightline generate`: make pictures from seeds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sightline._client import Client
from sightline.cli._durable import write_whole
from sightline.cli._errors import FileFailed
from sightline.cli._interrupt import interruptible
from sightline.cli._options import Server, concurrency_option, model_option, server_options
from sightline.cli._output import print_json, print_path
from sightline.cli._output_names import shortened
from sightline.cli._progress import progress
from sightline.cli._question import png

_UNSAFE = re.compile(r"[^\w.-]+")  # in the name of a file


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
@click.option(
    "--class", "class_id", metavar="LABEL", help="Label or number of the class to show, if the model takes one."
)
@click.option("--resume", is_flag=True, help="Leave out the pictures that are there already.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@model_option("gan")
@concurrency_option
@server_options
def generate(
    *,
    seed: int,
    count: int,
    directory: Path,
    class_id: str | None,
    resume: bool,
    as_json: bool,
    model: str,
    concurrency: int,
    server: Server,
) -> None:
    """Make pictures from seeds, and print the path of each.

    The same seed gives the same picture everywhere. Files are called MODEL-SEED.png, or MODEL-CLASS-SEED.png, and a
    file of this name is always a whole picture.

    \b
    EXAMPLES
      sightline generate --seed 7
      sightline generate --seed 7 --class 3
      sightline generate --seed 0 --count 1000 -o made --resume
    """
    wanted = range(seed, seed + count)
    stem = shortened(model if class_id is None else f"{model}-{_UNSAFE.sub('-', class_id)}")
    seeds = [each for each in wanted if not _path(directory, stem, each).exists()] if resume else wanted
    if len(seeds) < count:
        click.echo(f"{count - len(seeds):,} of {count:,} pictures are done already.", err=True)
    with (
        server.connect() as client,
        progress(f"generate with {model}", len(seeds), lines_on_stdout=True) as shown_progress,
        interruptible(
            lambda: shown_progress.say("Interrupted. Add --resume to leave out the pictures that are there.")
        ),
        closing(_made(client, seeds, _Wanted(model, class_id, directory, stem), concurrency)) as made,
    ):
        for number, path in made:
            if as_json:
                shown_class = {} if class_id is None else {"class": class_id}
                print_json({"seed": number, "model": model, **shown_class, "file": str(path)})
            else:
                print_path(path)
            shown_progress.advance()


@dataclass(frozen=True)
class _Wanted:
    """What every picture of a run has in common."""

    model: str
    class_id: str | None
    directory: Path
    stem: str


def _made(client: Client, seeds: Sequence[int], wanted: _Wanted, concurrency: int) -> Generator[tuple[int, Path]]:
    def make(seed: int) -> FileFailed | None:
        path = _path(wanted.directory, wanted.stem, seed)
        data = png(client.generate(seed=seed, model=wanted.model, class_id=wanted.class_id))
        try:
            write_whole(path, data, part=path.with_name(f".{path.name}.{os.getpid()}.part"))
        except FileFailed as exc:
            return exc
        return None

    task: Callable[[Any], FileFailed | None] = make
    items: Any = seeds
    outcomes: Any = client.map(items, task, concurrency=concurrency)
    with closing(outcomes):
        for seed, failure in zip(seeds, outcomes, strict=True):
            if failure is not None:
                raise failure
            yield seed, _path(wanted.directory, wanted.stem, seed)


def _path(directory: Path, stem: str, seed: int) -> Path:
    return directory / f"{stem}-{seed}.png"

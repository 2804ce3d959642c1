"""`sightline generate`: make pictures from seeds."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from sightline._client import Client
from sightline.cli._durable import write_whole
from sightline.cli._errors import FileFailed
from sightline.cli._interrupt import interruptible
from sightline.cli._options import Server, concurrency_option, model_option, server_options
from sightline.cli._output import print_json
from sightline.cli._progress import progress
from sightline.cli._question import png


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
    resume: bool,
    as_json: bool,
    model: str,
    concurrency: int,
    server: Server,
) -> None:
    """Make pictures from seeds, and print the path of each.

    The same seed gives the same picture everywhere. Files are called MODEL-SEED.png, and a file of this name is always
    a whole picture.

    \b
    EXAMPLES
      sightline generate --seed 7
      sightline generate --seed 0 --count 1000 -o made --resume
    """
    wanted = range(seed, seed + count)
    seeds = [each for each in wanted if not _path(directory, model, each).exists()] if resume else wanted
    if len(seeds) < count:
        click.echo(f"{count - len(seeds):,} of {count:,} pictures are done already.", err=True)
    with (
        server.connect() as client,
        progress(f"generate with {model}", len(seeds), lines_on_stdout=True) as shown_progress,
        interruptible(
            lambda: shown_progress.say("Interrupted. Add --resume to leave out the pictures that are there.")
        ),
        closing(_made(client, seeds, directory, model, concurrency)) as made,
    ):
        for number, path in made:
            if as_json:
                print_json({"seed": number, "model": model, "file": str(path)})
            else:
                click.echo(str(path))
            shown_progress.advance()


def _made(
    client: Client, seeds: Sequence[int], directory: Path, model: str, concurrency: int
) -> Generator[tuple[int, Path]]:
    def make(seed: int) -> FileFailed | None:
        path = _path(directory, model, seed)
        data = png(client.generate(seed=seed, model=model))
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
            yield seed, _path(directory, model, seed)


def _path(directory: Path, model: str, seed: int) -> Path:
    return directory / f"{model}-{seed}.png"

"""`sightline index`: remember what pictures look like, for `sightline search`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sightline.cli._failures import Failures
from sightline.cli._growing_index import GrowingIndex
from sightline.cli._inputs import STDIN, find_inputs, identity
from sightline.cli._options import Server, concurrency_option, model_option, server_options
from sightline.cli._output import print_json, printable
from sightline.errors import SightlineError
from sightline.matching import Index
from sightline.matching.index_file import check_writable

Function = TypeVar("Function", bound=Callable[..., Any])


def index_option(flag: str, help_text: str) -> Callable[[Function], Function]:
    """Add the option for the file of an index, passed as `index_path: Path`."""
    return click.option(
        flag,
        "index_path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("index.npz"),
        show_default=True,
        metavar="FILE",
        help=help_text,
    )


@click.command()
@click.argument("images", nargs=-1, required=True, metavar="FOLDER...")
@model_option("matching")
@index_option("-o", "The file to write; an index that is there already is brought up to date.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@concurrency_option
@server_options
def index(
    *, images: tuple[str, ...], model: str, index_path: Path, as_json: bool, concurrency: int, server: Server
) -> None:
    """Remember what pictures look like, so that `sightline search` finds those that are alike.

    A FOLDER may also be a file, a pattern such as "**/*.jpg", or a web address. Run the same again to bring an index up
    to date, or to go on with a run that was stopped: only pictures that are new or have changed are asked about, and
    those that are no longer there, or not named now, leave it. What cannot be looked at now stays in it as it was. A
    picture that cannot be read gets a line on stderr.

    \b
    EXAMPLES
      sightline index photos/
      sightline index photos/ more/ --model face -o faces.npz
    """
    if STDIN in images:
        raise click.UsageError("expected files, folders or addresses, got -; an index needs a name for each picture")
    check_writable(index_path)
    found = find_inputs(images)
    failures = Failures()
    for problem in found.problems:
        failures.of_picture(problem, None)
    with server.connect() as client:
        names = {identity(name): name for name in found.pictures}
        growing = GrowingIndex(client, model, index_path, names, found.unlisted)
        try:
            growing.embed_all(concurrency, failures)
        except SightlineError as exc:
            failures.of_run(exc)
            click.echo(growing.standing(), err=True)
        else:
            if growing.index is not None:
                _report(index_path, growing.index, as_json=as_json)
        for line in growing.changes():
            click.echo(line, err=True)
    if failures.exit_code:
        raise click.exceptions.Exit(failures.exit_code)


def _report(path: Path, index: Index, *, as_json: bool) -> None:
    if as_json:
        counts = {"pictures": len(index), "dimensions": index.vectors.shape[1]}
        print_json({"index": str(path), "model": index.model, "version": index.version, **counts})
    else:
        click.echo(printable(f"{path}: {index}"))

"""`sightline evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline_export.cli.options import errors_end_with_their_code, repository_option

if TYPE_CHECKING:
    from sightline_export.measures.figures import Measurement


@click.command(
    epilog="Exit codes: 0 ok, 2 usage, 4 no server answers, 6 no such model, 12 not a usable repository, 14 a figure "
    "is below its floor, 16 no way to measure it, 17 unusable data."
)
@click.argument("name")
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    help="Pictures to measure on, in a format of the task: one folder per class, CIFAR-10, MNIST, COCO, or just "
    "pictures.  [default: the held-out data of the recipe]",
)
@click.option("--url", metavar="grpc://HOST:PORT", help="A running server.  [default: one is started]")
@click.option("--api-key", metavar="KEY", envvar="SIGHTLINE_API_KEY", help="Key for the running server.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@repository_option
@errors_end_with_their_code
def evaluate(
    name: str, data: Path | None, url: str | None, api_key: str | None, as_json: bool, repository: Path
) -> None:
    """Measure a served model again: its figures on held-out data, through the running service.

    NAME is a recipe; or a classifier or detector that was imported or trained on a folder, which needs --data.
    """
    if url is not None and not url.startswith(("grpc://", "grpcs://")):
        raise click.UsageError(f"expected an address like grpc://localhost:8001 as --url, got {url!r}")

    from sightline_export.errors import FloorMissed
    from sightline_export.evaluation import find_evaluation
    from sightline_export.verification.service import connected, started

    evaluation = find_evaluation(name)
    with connected(url, api_key) if url else started(repository, evaluation.asks) as service:
        measurement = evaluation.measure(service, data)
    show(measurement, as_json)
    try:
        if data is None:
            measurement.require_floors(name)
    except FloorMissed as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(error.exit_code) from error


def show(measurement: Measurement, as_json: bool) -> None:
    """Tables on a terminal, else lines with tabs; or JSON."""
    import json

    from sightline_export.measures.figures import in_words

    if as_json:
        figures = {figure.name: figure.value for figure in measurement.figures}
        click.echo(json.dumps({"figures": figures, "per_class": measurement.per_class}))
        return
    figures = [
        (figure.name, in_words(figure.value), "" if figure.floor is None else in_words(figure.floor))
        for figure in measurement.figures
    ]
    print_table(("figure", "measured", "floor"), figures)
    if measurement.per_class:
        columns = tuple(next(iter(measurement.per_class.values())))
        rows = [(row, *(in_words(each[column]) for column in columns)) for row, each in measurement.per_class.items()]
        print_table(("", *columns), rows)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    console.print(table)

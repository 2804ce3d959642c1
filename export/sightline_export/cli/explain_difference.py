"""`sightline explain-difference`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from sightline_export.cli.options import errors_end_with_their_code, repository_option

if TYPE_CHECKING:
    from sightline_export.difference.comparison import Comparison

PICTURE_UNREADABLE, PICTURE_REFUSED, DIFFERENCE = 3, 8, 19


@click.command(
    epilog="Exit codes: 0 no difference, 2 usage, 3 a file can't be read or written, 4 no server answers, 6 no such "
    "model, 8 training would refuse the picture too, 12 not a usable repository, 19 a difference was found."
)
@click.argument("name")
@click.argument("image", type=click.Path(path_type=Path))
@repository_option
@click.option("--version", type=click.IntRange(min=1), help="Version to compare with.  [default: the newest]")
@click.option(
    "--url",
    default="grpc://localhost:8001",
    show_default=True,
    metavar="grpc://HOST:PORT",
    help="The running server.",
)
@click.option("--served-as", metavar="MODEL", help="Its name on the server, where that is another one.")
@click.option("--api-key", envvar="SIGHTLINE_API_KEY", show_envvar=True, metavar="KEY", help="Key for the server.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="S",
    help="Seconds to wait for each answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PNG",
    help="Draw expected and served pixels and their difference.",
)
@errors_end_with_their_code
def explain_difference(
    name: str,
    image: Path,
    repository: Path,
    version: int | None,
    url: str,
    served_as: str | None,
    api_key: str | None,
    timeout: float,
    as_json: bool,
    output: Path | None,
) -> None:
    """Say why a service answers IMAGE differently from the training pipeline.

    Runs both side by side and names the first stage that differs: decode, orientation, colour order, resize, scale,
    network or postprocessing. The training pipeline is the entry NAME of the local repository.

    \b
    EXAMPLES
      sightline explain-difference cnn digit.png
      sightline explain-difference cnn digit.png --url grpc://gpu-7:8001 -o difference.png
    """
    from sightline_backend.errors import PictureError
    from sightline_export.connection import Connection
    from sightline_export.difference.comparison import compare_with_service
    from sightline_export.difference.reference import read_reference
    from sightline_export.difference.report import as_json as to_json
    from sightline_export.difference.report import lines

    try:
        data = image.read_bytes()
    except OSError as error:
        _end(PICTURE_UNREADABLE, f"expected a picture that can be read, got {error.strerror} ({image})")
    try:
        connection = Connection(url, timeout, api_key)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    reference = read_reference(repository, name, version)
    try:
        comparison = compare_with_service(reference, data, connection, served_as or name)
    except PictureError as error:
        _end(PICTURE_REFUSED, f"{image}: {error}")
    finally:
        connection.close()
    if as_json:
        click.echo(json.dumps(to_json(comparison.verdict, str(image))))
    else:
        for line in lines(comparison.verdict, str(image)):
            click.echo(line)
    if output is not None:
        _draw(comparison, output)
    if comparison.verdict.first is not None:
        raise SystemExit(DIFFERENCE)


def _draw(comparison: Comparison, output: Path) -> None:
    from sightline_export.difference.drawing import draw

    verdict = comparison.verdict
    first = f"first difference: {verdict.first.stage.label}" if verdict.first else "no difference"
    title = f"{verdict.model} and {verdict.reference}: {first}"
    try:
        draw(comparison.expected, comparison.served, title).save(output, "PNG")
    except OSError as error:
        _end(PICTURE_UNREADABLE, f"expected to write {output}, got {error.strerror}; name another file with --output")


def _end(code: int, message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    raise SystemExit(code)

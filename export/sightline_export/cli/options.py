"""What the commands of this distribution share: options, and errors that end with their exit code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sightline_export.errors import ExportError

repository_option = click.option(
    "--repository",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("model_repository"),
    show_default=True,
    help="The model repository.",
)


def errors_end_with_their_code(command: Callable[..., None]) -> Callable[..., None]:
    """Show an ExportError as one line and end with its exit code."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except ExportError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(error.exit_code) from error

    return run


def numbers(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """`0.5` or `0.485,0.456,0.406`."""
    if value is None:
        return None
    try:
        found = tuple(float(part) for part in value.split(","))
    except ValueError:
        found = ()
    if len(found) not in (1, 3):
        raise click.BadParameter(f"expected 1 or 3 numbers separated by commas, got {value!r}.")
    return found


def size_wh(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """`224` or `320x240`: width and height."""
    if value is None:
        return None
    sides = value.lower().split("x")
    if len(sides) not in (1, 2) or not all(side.isdecimal() and int(side) for side in sides):
        raise click.BadParameter(f"expected a size like 224 or 320x240 (width x height), got {value!r}.")
    return int(sides[0]), int(sides[-1])


def labels(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """`cat,dog`, or a file with one label per line."""
    if value is None:
        return None
    if not Path(value).is_file():
        if "," not in value:
            raise click.BadParameter(f"expected a file with one label per line, or a list like cat,dog, got {value!r}.")
        return tuple(part.strip() for part in value.split(","))
    from sightline_export.sources import read_labels

    try:
        return read_labels(Path(value))
    except ExportError as error:
        raise click.BadParameter(f"{error}.") from error

"""`sightline interpolate`: make pictures that lie between two."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sightline.cli._durable import write_whole
from sightline.cli._inputs import shown
from sightline.cli._one_picture import check_stdin_once, read_picture, stem_of
from sightline.cli._options import Server, model_option, server_options
from sightline.cli._output import print_json, print_path
from sightline.cli._question import png

_MIDDLE = 0.5
_MOST_STEPS = 1000  # their names have three digits


@click.command()
@click.argument("image", metavar="A")
@click.argument("other", metavar="B")
@click.option(
    "--fraction",
    type=click.FloatRange(min=0, max=1),
    metavar="SHARE",
    help=f"Where between them, from 0 for A to 1 for B.  [default: {_MIDDLE}]",
)
@click.option(
    "--steps",
    type=click.IntRange(min=2, max=_MOST_STEPS),
    metavar="K",
    help="Make K pictures, from A to B in equal steps, in place of one.",
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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@model_option("vae_interpolate")
@server_options
def interpolate(
    *,
    image: str,
    other: str,
    fraction: float | None,
    steps: int | None,
    directory: Path,
    as_json: bool,
    model: str,
    server: Server,
) -> None:
    """Make pictures that lie between two, and print the path of each.

    A and B are files, web addresses, or - for stdin. Files are called A-B-SHARE.png, with a share from 0.000 to 1.000.

    \b
    EXAMPLES
      sightline interpolate one.png seven.png
      sightline interpolate one.png seven.png --steps 8 -o between
    """
    if fraction is not None and steps is not None:
        raise click.UsageError("expected --fraction or --steps, got both; leave one of them out")
    check_stdin_once(image, other)
    first, second = (read_picture(name, server.timeout) for name in (image, other))
    shares = [_MIDDLE if fraction is None else fraction] if steps is None else _equal_steps(steps)
    with server.connect() as client:
        for share in shares:
            data = png(client.interpolate(first, second, share, model=model))
            path = directory / f"{stem_of(image)}-{stem_of(other)}-{share:.3f}.png"
            write_whole(path, data, part=path.with_name(f".{path.name}.{os.getpid()}.part"))
            if as_json:
                names = {"image": shown(image), "other": shown(other)}
                print_json({**names, "model": model, "fraction": share, "file": str(path)})
            else:
                print_path(path)


def _equal_steps(count: int) -> list[float]:
    return [place / (count - 1) for place in range(count)]

"""`sightline search`: find pictures that are like one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import click
import PIL.Image

from sightline import drawing
from sightline.cli._durable import write_whole
from sightline.cli._inputs import shown
from sightline.cli._one_picture import about, last_part, nearby, read_picture
from sightline.cli._options import Server, server_options
from sightline.cli._output import print_json, print_path, print_table, printable
from sightline.cli._question import png
from sightline.cli.index import index_option
from sightline.errors import ImageError
from sightline.images import encode_image
from sightline.matching import Index, Match


def _checked_suffix(ctx: click.Context, option: click.Parameter, sheet: Path | None) -> Path | None:
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise click.BadParameter(f"expected a file that ends in .png, got {sheet}; change its name", ctx, option)
    return sheet


@click.command()
@click.argument("image", metavar="IMAGE")
@index_option("--index", "The file that `sightline index` wrote.")
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, metavar="N", help="How many to find.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "-o",
    "--output",
    "sheet",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    callback=_checked_suffix,
    help="Also draw the picture and what was found for it, as a file that ends in .png.",
)
@server_options
def search(*, image: str, index_path: Path, top: int, as_json: bool, sheet: Path | None, server: Server) -> None:
    """Find the pictures of an index that are most like one.

    IMAGE is a file, a web address, or - for stdin. Every picture of the index is compared; a score is the cosine of the
    angle between two vectors, and 1 is the same. The server must have the model and the version that made the index.

    \b
    EXAMPLES
      sightline search new.jpg
      sightline search new.jpg --index shop.npz --top 20 --json
      sightline search new.jpg -o found.png
    """
    index = Index.load(index_path)
    if sheet is not None:
        _check_replaces_none(
            sheet, {"the picture": (image,), "the index": (str(index_path),), "a picture of the index": index.names}
        )
    data = read_picture(image, server.timeout)
    with server.connect() as client, about(image):
        found = index.search(client, data, top=top)
    if sheet is not None:
        write_whole(
            sheet, _sheet(data, found, server.timeout), part=sheet.with_name(f".{sheet.name}.{os.getpid()}.part")
        )
    if as_json:
        matches = [{"image": match.name, "score": round(match.score, 6)} for match in found]
        names = {"image": shown(image), "index": str(index_path), "model": index.model, "version": index.version}
        print_json({**names, "matches": matches, **({} if sheet is None else {"file": str(sheet)})})
        return
    rows = [(str(rank), f"{match.score:.4f}", nearby(match.name)) for rank, match in enumerate(found, 1)]
    print_table(("rank", "score", "image"), rows)
    if sheet is not None:
        print_path(sheet, err=True)


def _check_replaces_none(sheet: Path, kept: Mapping[str, Sequence[str]]) -> None:
    """Raise `UsageError` where the drawing would take the place of a file that is to be kept, by what it is."""
    called = sheet.name.casefold()
    for kind, names in kept.items():
        # Only those of the same name can be the same file. There may be too many pictures to look at each.
        if any(PurePath(name).name.casefold() == called and _is_same_file(sheet, name) for name in names):
            raise click.UsageError(f"expected another file for the drawing than {kind}, got {sheet}; change -o")


def _is_same_file(one: Path, other: str) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _sheet(data: bytes, found: Sequence[Match], timeout_s: float) -> bytes:
    tiles = [(_opened(match.name, timeout_s), match.score, printable(last_part(match.name))) for match in found]
    return png(drawing.draw_matches(drawing.open_upright(data), tiles))


def _opened(name: str, timeout_s: float) -> PIL.Image.Image | None:
    """The picture; None where it has gone since, or only the server can read it."""
    try:
        return drawing.open_upright(encode_image(name, timeout=timeout_s))
    except ImageError:
        return None

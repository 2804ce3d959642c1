"""`sightline compare`: say how alike two pictures are."""

from __future__ import annotations

import click

from sightline.cli._inputs import shown
from sightline.cli._one_picture import about, check_stdin_once, read_picture
from sightline.cli._options import Server, model_option, server_options
from sightline.cli._output import print_json, print_table
from sightline.matching.one_model import check_same_size, check_still


@click.command()
@click.argument("image", metavar="A")
@click.argument("other", metavar="B")
@model_option("face")
@click.option(
    "--threshold",
    type=click.FloatRange(min=-1, max=1),
    metavar="COSINE",
    help="Least similarity, from -1 to 1, of two pictures of the same.  [default: do not judge]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@server_options
def compare(*, image: str, other: str, model: str, threshold: float | None, as_json: bool, server: Server) -> None:
    """Say how alike two pictures are, from -1 to 1.

    A and B are files, web addresses, or - for stdin. The similarity is the cosine of the angle between the vectors that
    the model makes of them. Which one means "the same" depends on the model: its card says.

    \b
    EXAMPLES
      sightline compare badge.jpg camera.jpg
      sightline compare badge.jpg camera.jpg --threshold 0.4 --json
    """
    check_stdin_once(image, other)
    first, second = (read_picture(name, server.timeout) for name in (image, other))
    with server.connect() as client:
        version = client.model(model).version
        with about(image):
            vector = client.embed(first, model=model)
        with about(other):
            other_vector = client.embed(second, model=model)
        check_still(client, model, version)
    check_same_size(model, vector, other_vector)
    similarity = max(-1.0, min(1.0, float(vector @ other_vector)))
    is_same = None if threshold is None else similarity >= threshold
    if as_json:
        verdict = {} if is_same is None else {"threshold": threshold, "same": is_same}
        names = {"image": shown(image), "other": shown(other)}
        print_json({**names, "model": model, "similarity": round(similarity, 6), **verdict})
        return
    columns, cells = ("image", "other", "similarity"), (shown(image), shown(other), f"{similarity:.4f}")
    if is_same is not None:
        columns, cells = (*columns, "verdict"), (*cells, "same" if is_same else "different")
    print_table(columns, [cells])

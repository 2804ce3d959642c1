"""`sightline explain`: show what in a picture speaks for a class."""

from __future__ import annotations

import click
import numpy as np

from sightline.cli._options import Run, Server, model_option, run_options, server_options
from sightline.cli._question import Files, Question, png
from sightline.cli._runner import answer_pictures
from sightline.results import Explanation


@click.command()
@model_option("cnn")
@click.option(
    "--class-id",
    type=click.IntRange(min=0),
    metavar="N",
    help="Number of the class to explain.  [default: the best one]",
)
@run_options
@server_options
def explain(*, run: Run, model: str, class_id: int | None, server: Server) -> None:
    """Show what in pictures speaks for a class.

    An IMAGE is a file, a folder, a pattern such as "**/*.jpg", a web address, or - for stdin.
    With --json, peak is the hottest pixel [x, y] of the upright picture. With -o, the heat maps are drawn.

    \b
    EXAMPLES
      sightline explain digit.png -o answers
      sightline explain digit.png --class-id 3 --json
      sightline explain photos/ -o answers --resume
    """
    question = Question(
        command="explain",
        model=model,
        columns=("label", "score", "method", "peak"),
        ask=lambda client, picture: client.explain(picture, model=model, class_id=class_id),
        fields=_fields,
        cells=_cells,
        files=_files,
        options={"--class-id": class_id},
    )
    answer_pictures(question, run, server)


def _peak(answer: Explanation) -> tuple[int, int]:
    y, x = np.unravel_index(int(np.argmax(answer.heatmap)), answer.heatmap.shape)
    return int(x), int(y)


def _fields(answer: Explanation) -> dict[str, object]:
    height, width = answer.heatmap.shape
    return {
        "label": answer.label,
        "score": float(answer.score),
        "class_id": answer.class_id,
        "method": answer.method,
        "peak": list(_peak(answer)),
        "width": width,
        "height": height,
    }


def _cells(answer: Explanation) -> tuple[str, ...]:
    x, y = _peak(answer)
    return answer.label, f"{answer.score:.4f}", answer.method, f"{x}, {y}"


def _files(answer: Explanation, picture: bytes) -> Files:
    yield ".heatmap.png", png(answer.draw(picture))

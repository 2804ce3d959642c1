"""`sightline detect`: find objects in pictures."""

from __future__ import annotations

import click

from sightline.cli._options import Run, Server, model_option, run_options, server_options
from sightline.cli._question import Files, Question, png, short_floats
from sightline.cli._runner import answer_pictures
from sightline.results import Detections

_SHOWN = 5


@click.command()
@model_option("detector")
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, max=1),
    default=0.5,
    show_default=True,
    metavar="SCORE",
    help="Lowest score of an object, from 0 to 1.",
)
@run_options
@server_options
def detect(*, run: Run, model: str, threshold: float, server: Server) -> None:
    """Find objects in pictures.

    An IMAGE is a file, a folder, a pattern such as "**/*.jpg", a web address, or - for stdin.
    With --json, xyxy is left, top, right and bottom in pixels of the upright picture. With -o, the boxes are drawn.

    \b
    EXAMPLES
      sightline detect street.jpg --threshold 0.3
      sightline detect photos/ -o answers --concurrency 16
      sightline detect photos/ -o answers --resume
    """
    question = Question(
        command="detect",
        model=model,
        columns=("objects", "best"),
        ask=lambda client, picture: client.detect(picture, model=model, threshold=threshold),
        fields=_fields,
        cells=_cells,
        files=_files,
        options={"--threshold": threshold},
    )
    answer_pictures(question, run, server)


def _fields(answer: Detections) -> dict[str, object]:
    width, height = answer.size or (None, None)
    return {
        "labels": list(answer.labels),
        "scores": short_floats(answer.scores),
        "class_ids": [int(class_id) for class_id in answer.class_ids],
        "xyxy": [short_floats(box) for box in answer.xyxy],
        "width": width,
        "height": height,
    }


def _cells(answer: Detections) -> tuple[str, ...]:
    best = [f"{each.label} {each.score:.4f}" for each in answer[:_SHOWN]]
    return str(len(answer)), ", ".join([*best, "…"] if len(answer) > _SHOWN else best)


def _files(answer: Detections, picture: bytes) -> Files:
    yield ".boxes.png", png(answer.draw(picture))

"""`sightline segment`: say which class each pixel of a picture is."""

from __future__ import annotations

import click
import numpy as np
import PIL.Image

from sightline.cli._options import Run, Server, model_option, run_options, server_options
from sightline.cli._question import Files, Question, png
from sightline.cli._runner import answer_pictures
from sightline.results import Segmentation


@click.command()
@model_option("segmenter")
@run_options
@server_options
def segment(*, run: Run, model: str, server: Server) -> None:
    """Say which class each pixel of pictures is.

    An IMAGE is a file, a folder, a pattern such as "**/*.jpg", a web address, or - for stdin.
    With --json, pixels counts those of each class that occurs. With -o, the masks are drawn, and the class of each
    pixel is saved as a grey picture.

    \b
    EXAMPLES
      sightline segment street.jpg
      sightline segment photos/ -o answers
      sightline segment photos/ -o answers --resume
    """
    question = Question(
        command="segment",
        model=model,
        columns=("size", "classes"),
        ask=lambda client, picture: client.segment(picture, model=model),
        fields=_fields,
        cells=_cells,
        files=_files,
    )
    answer_pictures(question, run, server)


def _counted(answer: Segmentation) -> list[tuple[int, int]]:
    """Return (class id, pixels) of each class that occurs, most pixels first."""
    counts = np.bincount(answer.class_map.ravel())
    return [
        (int(class_id), int(counts[class_id])) for class_id in np.argsort(-counts, kind="stable") if counts[class_id]
    ]


def _fields(answer: Segmentation) -> dict[str, object]:
    counted = _counted(answer)
    height, width = answer.class_map.shape
    return {
        "labels": [answer.labels[class_id] for class_id, _ in counted],
        "pixels": [pixels for _, pixels in counted],
        "class_ids": [class_id for class_id, _ in counted],
        "width": width,
        "height": height,
    }


def _cells(answer: Segmentation) -> tuple[str, ...]:
    height, width = answer.class_map.shape
    shares = [
        f"{answer.labels[class_id]} {pixels / answer.class_map.size:.1%}" for class_id, pixels in _counted(answer)
    ]
    return f"{width}x{height}", ", ".join(shares)


def _files(answer: Segmentation, picture: bytes) -> Files:
    yield ".masks.png", png(answer.draw(picture))
    yield ".classes.png", png(PIL.Image.fromarray(answer.class_map))

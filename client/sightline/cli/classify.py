"""`sightline classify`: name what is in pictures."""

from __future__ import annotations

import click

from sightline.cli._options import Run, Server, model_option, run_options, server_options
from sightline.cli._question import Files, Question, png
from sightline.cli._runner import answer_pictures
from sightline.results import Classification


@click.command()
@model_option("cnn")
@click.option("--top-k", type=click.IntRange(min=1), default=5, show_default=True, help="How many classes to give.")
@run_options
@server_options
def classify(*, run: Run, model: str, top_k: int, server: Server) -> None:
    """Name what is in pictures.

    An IMAGE is a file, a folder, a pattern such as "**/*.jpg", a web address, or - for stdin.
    Every picture is tried. Those that fail get a line on stderr each, and the exit code is that of the first failure.

    \b
    EXAMPLES
      sightline classify digit.png
      sightline classify photos/ "more/**/*.jpg" --top-k 1 --json
      sightline classify photos/ -o answers --resume
    """
    question = Question(
        command="classify",
        model=model,
        columns=("label", "score", "then"),
        ask=lambda client, picture: client.classify(picture, model=model, top_k=top_k),
        fields=_fields,
        cells=_cells,
        files=_files,
        options={"--top-k": top_k},
    )
    answer_pictures(question, run, server)


def _fields(answer: Classification) -> dict[str, object]:
    return {
        "labels": list(answer.labels),
        "scores": [float(score) for score in answer.scores],
        "class_ids": [int(class_id) for class_id in answer.class_ids],
    }


def _cells(answer: Classification) -> tuple[str, ...]:
    best, *others = [(label, f"{score:.4f}") for label, score in zip(answer.labels, answer.scores, strict=True)]
    return *best, ", ".join(f"{label} {score}" for label, score in others)


def _files(answer: Classification, picture: bytes) -> Files:
    yield ".labels.png", png(answer.draw(picture))

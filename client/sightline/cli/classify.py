"""`sightline classify`: name what is in pictures."""

from __future__ import annotations

import sys

import click

from sightline._client import Client
from sightline.cli._errors import exit_code_of, show
from sightline.cli._options import server_options
from sightline.cli._output import print_json, print_table
from sightline.errors import ImageError, InferenceFailed, InvalidRequest, SightlineError
from sightline.results import Classification

_STDIN = "-"
# These may be one picture's own fault. Any other would meet the next picture too, so it ends the run.
_OF_ONE_PICTURE = (ImageError, InferenceFailed, InvalidRequest)


@click.command()
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--model", default="cnn", show_default=True, help="Name of the model.")
@click.option("--top-k", type=click.IntRange(min=1), default=5, show_default=True, help="How many classes to give.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@server_options
@click.pass_context
def classify(
    ctx: click.Context, *, images: tuple[str, ...], model: str, top_k: int, as_json: bool, url: str, timeout: float
) -> None:
    """Name what is in each IMAGE, a path or - for stdin.

    Every picture is tried. Those that fail get a line on stderr each, and the exit code is that of the first failure.
    """
    rows: list[tuple[str, ...]] = []
    first_failure: SightlineError | None = None
    try:
        with Client(url, timeout=timeout) as client:
            for image in images:
                try:
                    answer = client.classify(_picture(image), model=model, top_k=top_k)
                except _OF_ONE_PICTURE as exc:
                    first_failure = first_failure or exc
                    show(exc, subject=image)
                    continue
                if as_json:
                    print_json({"image": image, "model": model, **_json(answer)})
                else:
                    rows.append(_row(image, answer))
    except SightlineError as exc:
        if first_failure is None:
            raise
        show(exc)
    finally:
        print_table(("image", "label", "score", "then"), rows)
    if first_failure is not None:
        ctx.exit(exit_code_of(first_failure))


def _picture(image: str) -> str | bytes:
    return sys.stdin.buffer.read() if image == _STDIN else image


def _row(image: str, answer: Classification) -> tuple[str, ...]:
    best, *others = [(label, f"{score:.4f}") for label, score in zip(answer.labels, answer.scores, strict=True)]
    return image, *best, ", ".join(f"{label} {score}" for label, score in others)


def _json(answer: Classification) -> dict[str, object]:
    return {
        "labels": list(answer.labels),
        "scores": [float(score) for score in answer.scores],
        "class_ids": [int(class_id) for class_id in answer.class_ids],
    }

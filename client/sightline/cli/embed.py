"""`sightline embed`: turn pictures into vectors."""

from __future__ import annotations

import click
import numpy as np
from numpy.typing import NDArray

from sightline.cli._options import Run, Server, model_option, run_options, server_options
from sightline.cli._question import Files, Question, npy, short_floats
from sightline.cli._runner import answer_pictures

_SHOWN = 4


@click.command()
@model_option(None)
@run_options
@server_options
def embed(*, run: Run, model: str, server: Server) -> None:
    """Turn pictures into vectors of length 1.

    An IMAGE is a file, a folder, a pattern such as "**/*.jpg", a web address, or - for stdin.
    Pictures that are alike have a large product of their vectors. With -o, each vector is saved as a .npy file.

    \b
    EXAMPLES
      sightline embed photo.jpg --model embedder --json
      sightline embed photos/ --model embedder -o vectors
      sightline embed photos/ --model embedder -o vectors --resume
    """
    question = Question(
        command="embed",
        model=model,
        columns=("dimensions", "vector"),
        ask=lambda client, picture: client.embed(picture, model=model),
        fields=lambda answer: {"embedding": short_floats(answer)},
        cells=_cells,
        files=_files,
    )
    answer_pictures(question, run, server)


def _cells(answer: NDArray[np.float32]) -> tuple[str, ...]:
    start = " ".join(f"{number:.4f}" for number in answer[:_SHOWN])
    return str(answer.size), f"{start} …" if answer.size > _SHOWN else start


def _files(answer: NDArray[np.float32], picture: bytes) -> Files:
    yield ".npy", npy(answer)

"""`sightline enhance`: make better pictures of pictures."""

from __future__ import annotations

import click
import PIL.Image

from sightline.cli._options import Run, Server, model_option, run_options, server_options
from sightline.cli._question import Files, Question, png
from sightline.cli._runner import answer_pictures


@click.command()
@model_option("denoiser")
@run_options
@server_options
def enhance(*, run: Run, model: str, server: Server) -> None:
    """Make better pictures of pictures.

    An IMAGE is a file, a folder, a pattern such as "**/*.jpg", a web address, or - for stdin.
    The pictures are saved in the folder given with -o.

    \b
    EXAMPLES
      sightline enhance night.jpg -o better
      sightline enhance photos/ -o better --resume
    """
    if run.directory is None:
        raise click.UsageError("Missing option '-o' / '--output': the folder for the pictures.")
    question = Question(
        command="enhance",
        model=model,
        columns=("size",),
        ask=lambda client, picture: client.enhance(picture, model=model),
        fields=lambda answer: {"width": answer.width, "height": answer.height},
        cells=lambda answer: (f"{answer.width}x{answer.height}",),
        files=_files,
    )
    answer_pictures(question, run, server)


def _files(answer: PIL.Image.Image, picture: bytes) -> Files:
    yield ".enhanced.png", png(answer)

"""`sightline enhance`: make better pictures of pictures."""

from __future__ import annotations

import click
import PIL.Image

from sightline.cli._options import Run, Server, model_option, run_options, server_options
from sightline.cli._question import Files, Question, png
from sightline.cli._runner import answer_pictures


@click.command()
@model_option("denoiser")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Further input of the model; several numbers are separated by commas. May be given again.",
)
@run_options
@server_options
def enhance(*, run: Run, model: str, settings: tuple[str, ...], server: Server) -> None:
    """Make better pictures of pictures, or smaller, turned, mirrored and cut out ones.

    An IMAGE is a file, a folder, a pattern such as "**/*.jpg", a web address, or - for stdin.
    The pictures are saved in the folder given with -o. `sightline models` shows what inputs each model takes.

    \b
    EXAMPLES
      sightline enhance night.jpg -o better
      sightline enhance photo.jpg -o small --model resize --set width=320 --set height=200
      sightline enhance photo.jpg -o part --model crop --set xyxy=10,20,200,120
      sightline enhance photos/ -o better --resume
    """
    if run.directory is None:
        raise click.UsageError("Missing option '-o' / '--output': the folder for the pictures.")
    inputs = _parsed(settings)
    question = Question(
        command="enhance",
        model=model,
        columns=("size",),
        ask=lambda client, picture: client.enhance(picture, model=model, **inputs),
        fields=lambda answer: {"width": answer.width, "height": answer.height},
        cells=lambda answer: (f"{answer.width}x{answer.height}",),
        files=_files,
        options={f"--set {name}": value for name, value in sorted(inputs.items())},
    )
    answer_pictures(question, run, server)


def _parsed(settings: tuple[str, ...]) -> dict[str, str]:
    """Return the value of each input by its name."""
    inputs: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.strip().lower().replace("-", "_")
        if not equals or not name.isidentifier() or name in ("image", "model"):
            raise click.UsageError(
                f"expected --set NAME=VALUE, got {setting!r}; write it like width=320, with a name that "
                "`sightline models` shows"
            )
        if name in inputs:
            raise click.UsageError(f"expected each input once, got {name} again; leave one of them out")
        inputs[name] = value
    return inputs


def _files(answer: PIL.Image.Image, picture: bytes) -> Files:
    yield ".enhanced.png", png(answer)

"""The command `sightline trace`. Heavy imports wait until it runs."""

import os
from pathlib import Path

import click

from sightline_server.cli import PATH, config_name_option, file_to_write, repository_option, runtime_option
from sightline_server.errors import FileError
from sightline_server.tracing.budget import budgets_from_text

INTERRUPTED = 130  # what a shell gives a command that Ctrl-C ended


def budgets(_context: click.Context, _option: click.Parameter, value: str | None) -> dict[str, float]:
    try:
        return budgets_from_text(value) if value is not None else {}
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def picture_file(_context: click.Context, _argument: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and not (value.is_file() and os.access(value, os.R_OK)):
        raise FileError(f"{value} cannot be read: expected the file of a picture. Correct the path.")
    return value


def json_file(context: click.Context, option: click.Parameter, value: Path | None) -> Path | None:
    return value if value == Path("-") else file_to_write(context, option, value)


def png_file(context: click.Context, option: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() != ".png":
        raise click.BadParameter(f"expected a file that ends in .png, got {value}.")
    return file_to_write(context, option, value)


@click.command()
@click.argument("model")
@click.argument("image", type=PATH, callback=picture_file, required=False)
@repository_option
@config_name_option
@runtime_option
@click.option(
    "--repeat", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="How often it is asked."
)
@click.option(
    "--budget",
    "allowed",
    callback=budgets,
    metavar="STAGE=TIME,…",
    help="End with 20 when a stage takes longer, such as decode=4ms,inference=10ms,total=20ms.",
)
@click.option("--json", "json_path", type=PATH, callback=json_file, metavar="FILE|-", help="Write it as JSON.")
@click.option("-o", "--output", type=PATH, callback=png_file, metavar="FILE.png", help="Draw it.")
def trace(
    model: str,
    image: Path | None,
    model_repository: Path,
    model_config_name: str,
    runtime: Path | None,
    repeat: int,
    allowed: dict[str, float],
    json_path: Path | None,
    output: Path | None,
) -> None:
    """Show where the time of one request to MODEL goes.

    A tritonserver of its own is started, asked with the picture IMAGE again and again, one request at a time, and
    ended. Models that take no picture need no IMAGE.
    """
    from sightline_server.stop_signals import Stopped, StopSignals

    signals = StopSignals()
    with signals.handled():
        from sightline_server.console import Console
        from sightline_server.tracing.budget import require_budgets
        from sightline_server.tracing.client import Question
        from sightline_server.tracing.files import write_reports
        from sightline_server.tracing.run import TraceOptions
        from sightline_server.tracing.run import trace as run

        options = TraceOptions(model_repository, Question(model, image), repeat, model_config_name, runtime)
        try:
            with signals.interrupting():
                waterfall = run(options, Console())
        except Stopped:
            raise click.exceptions.Exit(INTERRUPTED) from None
        write_reports(waterfall, json_path, output)
        require_budgets(waterfall, allowed)

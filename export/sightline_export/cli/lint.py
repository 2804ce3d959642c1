"""`sightline lint`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline_export.errors import ExportError

if TYPE_CHECKING:
    from sightline_export.lint import Report

MISTAKES = 18
MOST_ROUNDS = 10  # of --fix: one fix may uncover another


@click.command(
    epilog="Exit codes: 0 nothing wrong (warnings do not count), 2 usage, 12 not a model repository, 18 mistakes found."
)
@click.argument("repository", type=click.Path(path_type=Path), default=Path("model_repository"))
@click.option("--fix", is_flag=True, help="Make the safe edits in config.pbtxt, then look again.")
@click.option("--json", "as_json", is_flag=True, help="Write findings and verdicts as one JSON object.")
@click.option("--model-config-name", metavar="NAME", help="Use configs/NAME.pbtxt of the models that have one.")
def lint(repository: Path, fix: bool, as_json: bool, model_config_name: str | None) -> None:
    """Say what Triton will do with a model repository, without starting it.

    Reads graphs, configurations, ensembles, labels and golden answers of REPOSITORY [default: model_repository], and
    names for each mistake the file, the line, what was expected, what was found and the edit. Python models are
    parsed, never imported.
    """
    from sightline_export.lint.visible import visible

    try:
        report = _lint(repository, model_config_name, fix=fix)
    except ExportError as error:
        click.echo(f"Error: {visible(str(error))}", err=True)
        raise SystemExit(error.exit_code) from error
    _write(report, as_json=as_json)
    if report.errors:
        raise SystemExit(MISTAKES)


def _lint(repository: Path, config_name: str | None, *, fix: bool) -> Report:
    import onnxruntime

    from sightline_export.lint import fix as apply
    from sightline_export.lint import lint as look
    from sightline_export.lint import this_machine
    from sightline_export.lint.visible import visible

    onnxruntime.set_default_logger_severity(4)  # what it has to say comes back as an error
    machine = this_machine()
    report = look(repository, machine, config_name)
    for _ in range(MOST_ROUNDS if fix else 0):
        applied = apply(repository, report)
        if not applied:
            break
        for finding in applied:
            click.echo(f"fixed {visible(finding.file)}:{finding.line or 1}: {finding.rule}: {finding.edit}", err=True)
        report = look(repository, machine, config_name)
    return report


def _write(report: Report, *, as_json: bool) -> None:
    from rich.console import Console

    from sightline_export.lint import render

    console = Console()
    if as_json:
        click.echo(render.as_json(report))
    elif console.is_terminal:
        render.show(report, console)
    else:
        for line in render.lines(report):
            click.echo(line)

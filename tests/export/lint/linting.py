"""Changes a healthy repository, and lints it."""

from pathlib import Path

from export.lint.edits import Change
from export.lint.repositories import HEALTHY

from sightline_export.lint import Machine, Report, lint, this_machine


def changed(base: str, change: Change, folder: Path, machine: Machine | None = None) -> Report:
    repository = folder / "repository"
    HEALTHY[base].build(repository)
    change(repository)
    return lint(repository, machine or this_machine())

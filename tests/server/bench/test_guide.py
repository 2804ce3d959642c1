"""The guide docs/bench.md and the command say the same."""

import re

import click
from serving import ROOT

from sightline_server import errors
from sightline_server.bench.cli import bench

GUIDE = (ROOT / "docs" / "bench.md").read_text()


def test_the_guide_has_every_option_and_no_other() -> None:
    taken = {name for parameter in bench.params if isinstance(parameter, click.Option) for name in parameter.opts}
    rows = re.findall(r"^\| (`-.*?) \|", GUIDE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(--?[a-z-]+)", row)}
    assert named == taken - {"--output"}  # which is -o


def test_the_help_names_every_exit_code_of_its_errors() -> None:
    classes = (errors.FileError, errors.NoAnswerError, errors.UnknownModelError, errors.NotAnsweringError)
    classes += (errors.RequestRefusedError, errors.MachineError, errors.NotARepositoryError, errors.MeasurementError)
    for each in classes:
        assert re.search(rf"\b{each.exit_code} ", bench.epilog or "")

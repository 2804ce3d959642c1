"""The guide docs/tune.md and the command say the same."""

import re

import click
from serving import ROOT

from sightline_server import errors
from sightline_server.arrangement import MOST_PROCESSES, QUEUE_DELAY_US
from sightline_server.tuning.cli import tune
from sightline_server.tuning.schedule import FINAL_ROUNDS

GUIDE = (ROOT / "docs" / "tune.md").read_text()


def test_the_guide_has_every_option_and_no_other() -> None:
    taken = {name for parameter in tune.params if isinstance(parameter, click.Option) for name in parameter.opts}
    rows = re.findall(r"^\| (`-.*?) \|", GUIDE, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(--?[a-z-]+)", row)} == taken


def test_the_guide_has_the_figures_of_the_rule() -> None:
    assert f"at most {MOST_PROCESSES} processes" in GUIDE
    assert f"{QUEUE_DELAY_US} µs" in GUIDE
    assert f"at least {FINAL_ROUNDS}" in GUIDE


def test_the_help_names_every_exit_code_of_its_errors() -> None:
    classes = (errors.FileError, errors.UnknownModelError, errors.NotAnsweringError, errors.MachineError)
    for each in (*classes, errors.NotARepositoryError, errors.TritonError, errors.MeasurementError):
        assert re.search(rf"\b{each.exit_code} ", tune.epilog or "")

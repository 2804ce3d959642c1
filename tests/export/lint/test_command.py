"""`sightline lint`: what it prints, and its exit codes."""

import io
import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from export.lint.edits import edit
from export.lint.repositories import HEALTHY
from rich.console import Console

from sightline_export.cli.lint import lint
from sightline_export.lint import Machine, render
from sightline_export.lint import lint as look


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    HEALTHY["configured"].build(tmp_path / "repository")
    return tmp_path / "repository"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(lint, [str(argument) for argument in arguments])


def test_healthy_repository_ends_with_0_and_one_line_a_model(repository: Path) -> None:
    result = run(repository)
    assert (result.exit_code, result.stdout) == (0, "vectors: loads, takes up to 4 rows\n")


def test_mistake_ends_with_18_and_a_line_that_an_editor_can_follow(repository: Path) -> None:
    edit("vectors", "dims: [ 4 ]", "dims: [5]")(repository)
    result = run(repository)
    assert result.exit_code == 18
    finding, verdict = result.stdout.splitlines()
    assert re.fullmatch(
        r"vectors/config\.pbtxt:8: error: tensor-dims: expected .*, found \[5\]; write dims: \[4\]", finding
    )
    assert verdict == "vectors: does not load, 1 error"


def test_warning_alone_ends_with_0(repository: Path) -> None:
    edit("vectors", "instance_group [ { count: 1 kind: KIND_CPU } ]", "")(repository)
    result = run(repository)
    assert (result.exit_code, "warning: no-instance-group" in result.stdout) == (0, True)
    assert "vectors: loads, takes up to 4 rows, 1 warning" in result.stdout


def test_json_carries_every_part_of_a_finding_and_the_verdicts(repository: Path) -> None:
    edit("vectors", "dims: [ 4 ]", "dims: [5]")(repository)
    report = json.loads(run("--json", repository).stdout)
    assert set(report["findings"][0]) == {
        *("model", "file", "line", "severity", "rule", "expected", "found", "edit", "fixable", "loads_all_the_same")
    }
    assert report["verdicts"] == [{"model": "vectors", "loads": False, "max_batch": 0}]


def test_fix_says_what_it_did_and_then_the_new_verdict(repository: Path) -> None:
    edit("vectors", "dims: [ 4 ]", "dims: [5]")(repository)
    result = run("--fix", repository)
    assert result.exit_code == 0
    assert result.stderr == "fixed vectors/config.pbtxt:8: tensor-dims: write dims: [4]\n"
    assert result.stdout == "vectors: loads, takes up to 4 rows\n"


def test_variant_is_checked_by_its_name(repository: Path) -> None:
    (repository / "vectors" / "configs").mkdir()
    shutil.copy(repository / "vectors" / "config.pbtxt", repository / "vectors" / "configs" / "small.pbtxt")
    edit("vectors", "dims: [ 4 ]", "dims: [5]")(repository)
    assert run(repository).exit_code == 18
    assert run("--model-config-name", "small", repository).exit_code == 0


def test_folder_that_is_no_repository_ends_with_12_and_one_line(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere")
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (12, 1, "")
    assert "expected a model repository" in result.stderr


def test_terminal_shows_a_block_for_each_finding(repository: Path) -> None:
    edit("vectors", "dims: [ 4 ]", "dims: [5]")(repository)
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100, color_system=None)
    render.show(look(repository, Machine()), console)
    assert [line.rstrip() for line in text.getvalue().rstrip().splitlines()] == [
        "vectors/config.pbtxt:8 error tensor-dims",
        *("  expected dims [4] for x, as in the graph without its batch axis", "  found    [5]"),
        *("  edit     write dims: [4] (--fix does this)", "", "vectors: does not load, 1 error"),
    ]

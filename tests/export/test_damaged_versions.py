"""`sightline verify` of versions whose recorded answers show nothing, or whose files no longer fit each other."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sightline_export.cli.verify import verify


def verified(repository: Path) -> Result:
    return CliRunner().invoke(verify, ("quick", "--repository", str(repository), "--no-serve"))


@pytest.fixture
def repository(exported: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(shutil.copytree(exported, tmp_path / "model_repository"))


def empty_cases(document: dict[str, Any]) -> None:
    document["cases"] = []


def no_outputs(document: dict[str, Any]) -> None:
    document["cases"][0]["outputs"] = {}


def no_outputs_at_all(document: dict[str, Any]) -> None:
    for case in document["cases"]:
        case["outputs"] = {}


def no_inputs(document: dict[str, Any]) -> None:
    for case in document["cases"]:
        case["inputs"] = {}


def other_shape(document: dict[str, Any]) -> None:
    scores = document["cases"][0]["outputs"]["SCORES"]
    scores["shape"], scores["values"] = [1], [0.5]


def endless_tolerance(document: dict[str, Any]) -> None:
    document["cases"][0]["outputs"]["SCORES"]["tolerance"] = float("inf")


def no_number(document: dict[str, Any]) -> None:
    document["cases"][0]["outputs"]["SCORES"]["tolerance"] = float("nan")


def another_output(document: dict[str, Any]) -> None:
    for case in document["cases"]:
        case["outputs"]["LOGITS"] = case["outputs"].pop("SCORES")


def another_input(document: dict[str, Any]) -> None:
    for case in document["cases"]:
        case["inputs"]["PICTURE"] = case["inputs"].pop("IMAGE")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (empty_cases, "no case"),
        (no_outputs, "expected outputs of the case"),
        (no_outputs_at_all, "expected outputs of the case"),
        (no_inputs, "expected inputs of the case"),
        (other_shape, "has other tensors than"),
        (endless_tolerance, "the tolerance inf is no number from 0"),
        (no_number, "the tolerance nan is no number from 0"),
        (another_output, "got none called LOGITS"),
        (another_input, "got KeyError: 'IMAGE' from quick"),
    ],
)
def test_recorded_answers_that_show_nothing_are_no_success(
    change: Callable[[dict[str, Any]], None], message: str, repository: Path
) -> None:
    path = repository / "quick" / "1" / "verification" / "verification.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    result = verified(repository)
    assert (result.exit_code, result.stdout) == (12, ""), result.stderr
    assert message in result.stderr


def damage_graph(repository: Path) -> None:
    (repository / "quick_network" / "1" / "model.onnx").write_bytes(b"not a graph")


def remove_graph(repository: Path) -> None:
    (repository / "quick_network" / "1" / "model.onnx").unlink()


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def resize_pixels(repository: Path) -> None:
    """As if the shared step had been written again for another network."""
    (path,) = repository.glob("pixels_*/config.pbtxt")
    replace_in(path, 'string_value: "64"', 'string_value: "48"')


def spoil_pixels(repository: Path) -> None:
    (path,) = repository.glob("pixels_*/config.pbtxt")
    replace_in(path, 'string_value: "64"', 'string_value: "many"')


def rename_output(repository: Path) -> None:
    replace_in(repository / "quick" / "config.pbtxt", 'key: "SCORES"', 'key: "LOGITS"')


@pytest.mark.parametrize(
    "change",
    [damage_graph, remove_graph, resize_pixels, spoil_pixels, rename_output],
    ids=lambda change: change.__name__,
)
def test_files_that_no_longer_fit_each_other_are_one_line(change: Callable[[Path], None], repository: Path) -> None:
    change(repository)
    result = verified(repository)
    assert (result.exit_code, result.stdout) == (12, ""), result.stderr
    assert [line[:16] for line in result.stderr.splitlines()[1:]] == ["Error: expected "]
    assert "forward()" not in result.stderr

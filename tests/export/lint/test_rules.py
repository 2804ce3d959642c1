"""Each kind of mistake gets its own rule, the right file and line, and an edit. The verdicts are test_oracle's."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from export.lint.case import Case
from export.lint.edits import append, write
from export.lint.graphs import FLOAT, INT64, graph, node, save
from export.lint.linting import changed
from export.lint.mutations import CASES
from export.lint.repositories import HEALTHY

from sightline_export.lint import Verdict, lint, this_machine

BY_ID = {case.id: case for case in CASES}
DECOUPLED = "model_transaction_policy { decoupled: true }\n"
ENDS = (("input", "x"), ("output", "y"))
PICTURE_WARMUP = """model_warmup {
  name: "picture"
  batch_size: 1
  inputs { key: "IMAGE" value { data_type: TYPE_STRING dims: 1 %s } }
}
"""


def build(case: Case, folder: Path) -> Path:
    case.build(folder / "repository")
    return folder / "repository"


def test_built_models_of_this_checkout_have_no_mistake(tmp_path: Path) -> None:
    """Of the others only the generated text is there."""
    repository = Path(__file__).parents[3] / "model_repository"
    built = sorted({version.parent for version in repository.glob("*/[0-9]*")})
    if not built:
        pytest.skip("the models of this checkout are not built: make demo-models")
    for model in built:
        shutil.copytree(model, tmp_path / model.name)
    report = lint(tmp_path, this_machine())
    assert [str(finding) for finding in report.findings] == []
    assert all(verdict.loads and verdict.max_batch > 0 for verdict in report.verdicts)


@pytest.mark.parametrize("base", HEALTHY)
def test_healthy_repository_has_no_mistake(base: str, tmp_path: Path) -> None:
    HEALTHY[base].build(tmp_path / "repository")
    report = lint(tmp_path / "repository", this_machine())
    assert [str(finding) for finding in report.errors] == []
    assert {verdict.model for verdict in report.verdicts if verdict.loads} == set(HEALTHY[base].models)


@pytest.mark.parametrize(
    ("id", "rule", "place"),
    [
        ("unknown-field", "unknown-field", "vectors/config.pbtxt:19"),
        ("input-type-unknown", "unknown-value", "vectors/config.pbtxt:7"),
        ("brace-missing", "config-syntax", "vectors/config.pbtxt:9"),
        ("name-twice", "field-twice", "vectors/config.pbtxt:19"),
        ("name-is-another", "name-differs", "vectors/config.pbtxt:1"),
        ("backend-onnx", "unknown-backend", "photo_scores/config.pbtxt:2"),
        ("ensemble-as-backend", "backend", "chain/config.pbtxt:2"),
        ("no-version-folder", "no-version", "vectors/config.pbtxt"),
        ("graph-of-another-name", "model-file", "vectors/config.pbtxt"),
        ("graph-is-a-page", "not-onnx", "vectors/1/model.onnx"),
        ("ir-too-new", "ir-version", "vectors/1/model.onnx"),
        ("opset-too-new", "opset", "vectors/1/model.onnx"),
        ("weights-missing", "external-data", "heavy/1/model.onnx"),
        ("custom-operator", "unknown-operator", "vectors/1/model.onnx"),
        ("operator-typo", "unknown-operator", "vectors/1/model.onnx"),
        ("misshapen-weights", "graph-refused", "vectors/1/model.onnx"),
        ("typo-in-input-name", "tensor-name", "vectors/config.pbtxt:6"),
        ("input-size-typo", "tensor-dims", "vectors/config.pbtxt:8"),
        ("input-of-the-wrong-type", "tensor-type", "vectors/config.pbtxt:7"),
        ("one-input-missing", "input-missing", "pair_of_inputs/config.pbtxt:3"),
        ("graph-frozen-by-an-export", "frozen-batch-axis", "vectors/config.pbtxt:3"),
        ("gpu-instances", "no-such-gpu", "vectors/config.pbtxt:18"),
        ("gpu-numbers-for-a-cpu", "gpus-on-cpu", "vectors/config.pbtxt:18"),
        ("labels-missing", "label-file", "photo_scores/config.pbtxt:5"),
        ("execution-mode-unknown", "parameter", "vectors/config.pbtxt:19"),
        ("unknown-cpu-accelerator", "accelerator", "vectors/config.pbtxt:19"),
        ("default-priority-too-high", "priority-levels", "vectors/config.pbtxt:19"),
        ("decode-fit-unknown", "parameter", "pixels_rgb_8x8_squash/config.pbtxt:22"),
        ("decode-dims-transposed", "own-tensors", "pixels_rgb_8x8_squash/config.pbtxt:12"),
        ("step-unknown", "step-missing", "chain/config.pbtxt:9"),
        ("step-broken", "step-does-not-load", "chain/config.pbtxt:15"),
        ("step-version-missing", "step-version", "chain/config.pbtxt:10"),
        ("step-with-fewer-rows", "ensemble-batch", "chain/config.pbtxt:3"),
        ("input-key-typo", "step-tensor", "chain/config.pbtxt:11"),
        ("ensemble-input-type", "step-type", "chain/config.pbtxt:4"),
        ("ensemble-output-size", "step-dims", "chain/config.pbtxt:5"),
        ("tensor-made-twice", "tensor-made-twice", "fork/config.pbtxt:23"),
        ("branch-lost", "tensor-unused", "fork/config.pbtxt:23"),
        ("input-value-typo", "tensor-not-made", "chain/config.pbtxt:17"),
        ("step-is-the-ensemble-itself", "ensemble-circle", "chain/config.pbtxt:6"),
        ("step-broken", "python-syntax", "chain_second/1/model.py:1"),
        ("python-undefined-name", "python-load", "doubler/1/model.py:6"),
        ("python-wrong-key-in-initialize", "python-load", "doubler/1/model.py:6"),
        ("python-raises-in-initialize", "python-load", "doubler/1/model.py:6"),
        ("python-missing-file-in-initialize", "python-load", "doubler/1/model.py:6"),
        ("python-missing-name-of-a-module", "import-missing", "doubler/1/model.py:1"),
        ("python-wrong-output-name", "python-tensor", "doubler/1/model.py:12"),
        ("python-wrong-input-name", "python-tensor", "doubler/1/model.py:11"),
        ("auto-against-type", "python-completion", "self_described/1/model.py:7"),
        ("auto-returns-nothing", "python-method", "self_described/1/model.py:6"),
        ("graph-frozen-inside", "frozen-batch-axis", "vectors/config.pbtxt:3"),
        ("posted-2052-with-batches", "scalar-output", "vectors/config.pbtxt:4"),
        ("ensemble-input-any-size", "ensemble-promise", "chain/config.pbtxt:4"),
        ("step-without-batches", "step-one-row", "chain/config.pbtxt:17"),
        ("version-too-large", "version-too-large", "vectors/config.pbtxt"),
        ("warmup-too-large", "warmup-batch", "warmed_up/config.pbtxt:8"),
        ("warmup-file-missing", "warmup-file", "warmed_up/config.pbtxt:9"),
        ("completion-returns-inside-only", "python-method", "doubler/1/model.py:6"),
        ("completion-against-decoupled", "python-completion", "doubler/1/model.py:7"),
        ("graph-of-pairs", "row-refused", "vectors/config.pbtxt:3"),
        ("graph-of-three-rows", "one-row-only", "vectors/config.pbtxt:3"),
        ("graph-in-a-folder", "model-file", "vectors/config.pbtxt:19"),
        ("step-output-declared-twice", "tensor-made-twice", "chain/config.pbtxt:18"),
        ("agents-without-an-agent", "repository-agent", "vectors/config.pbtxt:19"),
        ("plus-before-a-number", "config-syntax", "vectors/config.pbtxt:3"),
        ("space-of-a-web-page", "config-syntax", "vectors/config.pbtxt:3"),
    ],
)
def test_mistake_is_named_where_it_is(id: str, rule: str, place: str, tmp_path: Path) -> None:
    found = {
        (finding.rule, finding.file + (f":{finding.line}" if finding.line else "")): finding
        for finding in lint(build(BY_ID[id], tmp_path), this_machine()).findings
        if finding.severity == "error"
    }
    assert (rule, place) in found, list(found)
    assert found[rule, place].edit


def test_graph_newer_than_old_containers_is_a_warning_and_loads(tmp_path: Path) -> None:
    BY_ID["opset-newest"].build(tmp_path / "repository")
    report = lint(tmp_path / "repository", this_machine())
    assert [(finding.rule, finding.severity) for finding in report.findings] == [("opset", "warning")]
    assert report.loads("vectors")


def test_missing_completion_of_a_step_hides_nothing_but_that_step(tmp_path: Path) -> None:
    report = changed("chain", append("chain", "\n# a comment\n"), tmp_path)
    assert report.errors == ()


def test_warm_up_of_a_decoder_needs_a_picture(tmp_path: Path) -> None:
    decoder = "pixels_rgb_8x8_squash"
    zeros = changed("exported", append(decoder, PICTURE_WARMUP % "zero_data: true"), tmp_path / "zeros")
    assert [finding.rule for finding in zeros.errors if finding.model == decoder] == ["warmup-picture"]

    picture = next((tmp_path / "zeros").rglob("golden/*.png")).read_bytes()

    def with_picture(repository: Path) -> None:
        append(decoder, PICTURE_WARMUP % 'input_data_file: "one.bin"')(repository)
        write(f"{decoder}/warmup/one.bin", len(picture).to_bytes(4, "little") + picture)(repository)

    assert changed("exported", with_picture, tmp_path / "picture").errors == ()


def test_graph_with_the_batch_of_its_example_built_in_takes_one_row(tmp_path: Path) -> None:
    nodes = [  # [1, 4], and nobody sees it before the graph runs
        node("ReduceSum", "x", "sum", keepdims=0),
        node("Mul", "sum nought", "still_nought"),
        node("Add", "still_nought one_and_four", "sizes"),
        node("Cast", "sizes", "shape", to=INT64),
        node("Reshape", "x shape", "y"),
    ]
    constants = {"nought": np.array([0], np.float32), "one_and_four": np.array([1, 4], np.float32)}
    inside = graph(nodes, [("x", FLOAT, ["batch", 4])], [("y", FLOAT, ["batch", 4])], constants)
    save(inside, tmp_path / "repository" / "bare" / "1" / "model.onnx")
    report = lint(tmp_path / "repository", this_machine())
    assert [finding.rule for finding in report.errors] == ["one-row-only"]
    assert report.verdicts == (Verdict("bare", loads=True, max_batch=1),)


def test_agents_of_the_repository_must_be_installed(tmp_path: Path) -> None:
    agents = 'model_repository_agents { agents { name: "checksum" } }\n'
    report = changed("configured", append("vectors", agents), tmp_path)
    assert [finding.rule for finding in report.errors] == ["repository-agent"]


def test_size_that_only_the_optimisation_shows_counts_as_it_does_in_triton(tmp_path: Path) -> None:
    nodes = [
        node("Sqrt", "squares", "roots"),
        node("Cast", "roots", "shape", to=INT64),
        node("Reshape", "x shape", "y"),
    ]
    squares = {"squares": np.array([1, 16], np.float32)}
    save(
        graph(nodes, [("x", FLOAT, ["batch", 4])], [("y", FLOAT, ["batch", 4])], squares),
        tmp_path / "repository" / "folded" / "1" / "model.onnx",
    )
    config = 'backend: "onnxruntime"\nmax_batch_size: 4\n'
    config += "".join(f'{way} {{ name: "{name}" data_type: TYPE_FP32 dims: 4 }}\n' for way, name in ENDS)
    write("folded/config.pbtxt", config)(tmp_path / "repository")
    assert [finding.rule for finding in lint(tmp_path / "repository", this_machine()).errors] == ["frozen-batch-axis"]
    write("folded/config.pbtxt", config + "optimization { graph { level: 2 } }\n")(tmp_path / "repository")
    assert [finding.rule for finding in lint(tmp_path / "repository", this_machine()).errors] == ["one-row-only"]

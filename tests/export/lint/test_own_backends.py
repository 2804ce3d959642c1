"""What lint knows of our own backends: their tensors, what they need, and the networks that they ask."""

from pathlib import Path

import pytest
from export.lint.case import Case
from export.lint.edits import edit
from export.lint.linting import changed
from export.lint.mutations import CASES
from export.lint.mutations.asked_networks import parameter
from export.lint.repositories import HEALTHY

from sightline_backend.backends import NAMES
from sightline_export.lint import Machine, lint, this_machine
from sightline_export.lint.contracts import CONTRACTS
from sightline_export.lint.memory import shared_memory_need
from sightline_export.lint.model import Model
from sightline_export.lint.reading import read_model

BY_ID = {case.id: case for case in CASES}


def test_lint_knows_what_every_backend_of_ours_takes_and_gives() -> None:
    # the tensors of image_pipeline are those of the ensemble that it stands for, which lint checks
    assert set(CONTRACTS) == set(NAMES) - {"onnxruntime", "image_pipeline"}


@pytest.mark.parametrize(
    ("id", "rule", "place", "words"),
    [
        ("scene-size-of-three", "own-tensors", "pixels_rgb_8x8_letterbox/config.pbtxt:19", "write dims: [2]"),
        ("scene-size-not-listed", "step-tensor", "scene/config.pbtxt:33", "found SIZE_WH"),
        ("scene-fit-unknown", "parameter", "class_map_letterbox/config.pbtxt:26", "'stretch'"),
        ("scene-warm-up-of-no-size", "warmup-input", "class_map_letterbox/config.pbtxt:33", "SIZE_WH"),
        ("classes-left-out", "own-tensors", "noise_of_a_class/config.pbtxt:9", "correct the parameters"),
        ("classes-seed-optional", "own-tensors", "noise_of_a_class/config.pbtxt:8", "SEED in every request"),
        ("classes-id-required", "ensemble-optional", "chooser/config.pbtxt:14", "optional: true in noise_of_a_class"),
        ("edit-operation-unknown", "parameter", "resizer/config.pbtxt:32", "'scale'"),
        ("edit-width-renamed", "own-tensors", "resizer/config.pbtxt:10", 'write name: "WIDTH"'),
        ("edit-warm-up-without-picture", "warmup-picture", "resizer/config.pbtxt:45", "picture"),
        ("faces-rows", "own-tensors", "face_detector/config.pbtxt:17", "[64, 4]"),
        ("faces-fallback-unknown", "parameter", "faces_rgb/config.pbtxt:22", "'centre'"),
        ("pairs-other-renamed", "own-tensors", "pairs_rgb/config.pbtxt:10", 'write name: "OTHER"'),
        ("explain-score-missing", "own-tensors", "shown_explain/config.pbtxt:14", "SCORE TYPE_FP32 [1]"),
        ("tiles-network-typo", "asked-missing", "sharper_tiles/config.pbtxt:32", "write sharper_network"),
        ("tiles-network-removed", "asked-missing", "sharper_tiles/config.pbtxt:32", "add the model sharper_network"),
        ("tiles-network-broken", "asked-does-not-load", "sharper_tiles/config.pbtxt:32", "correct sharper_network"),
        ("tiles-scale-against-network", "asked-tensor", "sharper_tiles/config.pbtxt:32", "RESULT_PIXELS"),
        ("tiles-batch-of-more", "asked-batch", "sharper_tiles/config.pbtxt:20", "write 8"),
        ("explain-network-is-itself", "asked-tensor", "shown_explain/config.pbtxt:60", "PIXELS"),
        ("explain-batch-of-more", "asked-batch", "shown_explain/config.pbtxt:66", "write 4"),
    ],
)
def test_mistake_is_named_where_it_is(id: str, rule: str, place: str, words: str, tmp_path: Path) -> None:
    case: Case = BY_ID[id]
    case.build(tmp_path / "repository")
    errors = lint(tmp_path / "repository", this_machine()).errors
    found = [str(error) for error in errors if (error.rule, error.place) == (rule, place)]
    assert any(words in text for text in found), errors


def test_network_with_several_inputs_can_not_be_asked(tmp_path: Path) -> None:
    mask = 'input { name: "MASK" data_type: TYPE_FP32 dims: 1 }\n'
    network = (
        'backend: "python" max_batch_size: 8\n'
        'input { name: "PIXELS" data_type: TYPE_UINT8 dims: [4, 4, 3] }\n'
        + mask
        + 'output { name: "RESULT_PIXELS" data_type: TYPE_UINT8 dims: [4, 4, 3] }\n'
    )
    assert _errors_with_python_network(network, tmp_path / "two") == ["asked-tensor"]
    optional = network.replace("dims: 1 }", "dims: 1 optional: true }")
    assert _errors_with_python_network(optional, tmp_path / "optional") == []


def test_network_that_answers_nothing_is_said_of_who_asks_it(tmp_path: Path) -> None:
    passive = edit("sharper_network", "count: 1", "count: 1\n  passive: true")
    report = changed("tiles", passive, tmp_path)
    assert {finding.rule for finding in report.errors} == {"passive-instances", "asked-batch"}
    assert {verdict.model: verdict.max_batch for verdict in report.verdicts} == dict.fromkeys(
        HEALTHY["tiles"].models, 0
    )


def test_faces_need_opencv_where_triton_runs(tmp_path: Path) -> None:
    HEALTHY["faces"].build(tmp_path)
    report = lint(tmp_path, Machine(python_modules=lambda name: name != "cv2"))
    assert [(finding.model, finding.rule) for finding in report.errors] == [
        ("face_detector", "import-missing"),
        ("faces_rgb", "import-missing"),
    ]


def test_older_entries_without_the_size_of_the_picture_are_sound(tmp_path: Path) -> None:
    size = 'output {\n  name: "SIZE_WH"\n  data_type: TYPE_INT32\n  dims: 2\n}\n'
    report = changed("segmenter", edit("pixels_rgb_8x8_letterbox", size, ""), tmp_path)
    assert [finding.model for finding in report.errors] == ["scene"]  # whose map needs the size


def test_requests_to_the_network_count_as_shared_memory(tmp_path: Path) -> None:
    HEALTHY["tiles"].build(tmp_path)
    few, many = (_need(tmp_path, batch) for batch in ("1", "8"))
    assert many - few == 7 * 2 * 4 * 4 * 3


def _need(repository: Path, batch: str) -> int:
    folder = repository / "sharper_tiles"
    config = folder / "config.pbtxt"
    text = config.read_text()
    parameter("sharper_tiles", "batch", "8", batch)(repository)
    model = read_model(folder, None)
    config.write_text(text)
    assert isinstance(model, Model)
    return shared_memory_need(model, Machine())


def _errors_with_python_network(config: str, folder: Path) -> list[str]:
    model = "class TritonPythonModel:\n    def execute(self, requests):\n        return []\n"

    def replaced(repository: Path) -> None:
        network = repository / "sharper_network"
        (network / "1" / "model.onnx").unlink()
        (network / "1" / "model.py").write_text(model)
        (network / "config.pbtxt").write_text(config)

    return [finding.rule for finding in changed("tiles", replaced, folder).errors]

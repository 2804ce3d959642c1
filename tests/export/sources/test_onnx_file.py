"""ONNX files that people bring, as a source."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sightline_export.errors import SourceUnusable
from sightline_export.graph.foreign import OnnxNetwork
from sightline_export.normalisation import Normalisation
from sightline_export.sources import Choices, default_name, load
from sightline_export.tasks.image_classification import HALF_TOLERANCE, ImageClassification
from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction

HEIGHT, WIDTH, CLASSES = 24, 32, 4


def graph(
    path: Path,
    *,
    last: str = "Identity",
    channels: int = 3,
    uint8: bool = False,
    fixed: bool = True,
    half: bool = False,
    classes: int = CLASSES,
    factor: float = 1,
) -> Path:
    """Average colour times a matrix."""
    sides: list[Any] = [HEIGHT, WIDTH] if fixed else ["h", "w"]
    real = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    kind = TensorProto.UINT8 if uint8 else real
    weights = np.random.default_rng(0).normal(size=(channels, classes)) * factor
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=real),
        helper.make_node("GlobalAveragePool", ["f"], ["p"]),
        helper.make_node("Flatten", ["p"], ["v"], axis=1),
        helper.make_node("MatMul", ["v", "m"], ["z"]),
        helper.make_node(last, ["z"], ["y"]),
    ]
    made = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", kind, ["n", channels, *sides])],
        [helper.make_tensor_value_info("y", real, ["n", classes])],
        [numpy_helper.from_array(weights.astype(np.float16 if half else np.float32), "m")],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_a_graph_gives_a_classifier_of_its_size(tmp_path: Path) -> None:
    got = load(str(graph(tmp_path / "Colour Net.onnx")), Choices(labels=("a", "b", "c", "d")))
    assert isinstance(got.network, OnnxNetwork)
    assert got.network.path.is_file()
    assert got.spec.name == "colour_net" == default_name(got.origin)
    assert got.spec.task == ImageClassification(logits=True)
    assert got.spec.pixels.name == f"rgb_{WIDTH}x{HEIGHT}_squash"
    assert got.spec.labels == ("a", "b", "c", "d")
    assert got.weights.startswith("Colour Net.onnx, sha256 ")


def test_a_graph_that_gives_probabilities_gets_no_second_softmax(tmp_path: Path) -> None:
    got = load(str(graph(tmp_path / "net.onnx", last="Softmax")))
    assert got.spec.task == ImageClassification(logits=False)
    assert got.spec.labels == ("class 0", "class 1", "class 2", "class 3")


@pytest.mark.parametrize("task", ["image-classification", "image-feature-extraction"])
def test_a_graph_of_float16_is_held_to_a_wider_tolerance(task: str, tmp_path: Path) -> None:
    made = load(str(graph(tmp_path / "net.onnx", half=True)), Choices(task=task)).spec
    assert [output.tolerance for output in made.task.ensemble_signature(made).outputs] == [HALF_TOLERANCE]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"last": "Sigmoid"}, "expected logits, or probabilities that sum to 1, from {path}, got numbers from 0 to 1"),
        ({"last": "Sigmoid", "uint8": True, "factor": 1e-3}, "as a sigmoid gives them; let it give its logits"),
        ({"classes": 1}, "expected an output for each of two classes or more from {path}, got 1"),
        ({"factor": 0}, "expected different answers from {path} to different pictures, got the same to 8 of them"),
    ],
)
def test_a_graph_whose_answers_mean_nothing_is_refused(made: Any, message: str, tmp_path: Path) -> None:
    path = graph(tmp_path / "net.onnx", **made)
    with pytest.raises(SourceUnusable) as refused:
        load(str(path))
    assert message.format(path=path) in str(refused.value)


def test_a_graph_may_give_a_vector(tmp_path: Path) -> None:
    got = load(str(graph(tmp_path / "net.onnx")), Choices(task="image-feature-extraction"))
    assert got.spec.task == ImageFeatureExtraction(dimensions=CLASSES)


def test_a_graph_for_one_channel_gets_grey_pictures(tmp_path: Path) -> None:
    assert load(str(graph(tmp_path / "net.onnx", channels=1))).spec.pixels.mode == "gray"


def test_a_graph_that_takes_bytes_normalises_them_itself(tmp_path: Path) -> None:
    path = str(graph(tmp_path / "net.onnx", uint8=True))
    assert load(path).spec.normalisation == Normalisation(scale=1.0)
    with pytest.raises(SourceUnusable, match="expected no --mean, --std or --scale"):
        load(path, Choices(mean=(0.5,)))


@pytest.mark.parametrize(
    ("fixed", "choices", "message"),
    [
        (True, {"size": (64, 64)}, "expected the size of the graph, 32x24, got 64x64; leave --size out"),
        (False, {}, "expected the width and height that the network takes, got none; add --size"),
        (
            True,
            {"mode": "gray"},
            "expected rgb pictures, which net.onnx, opset 17 takes, got --mode gray; leave it out",
        ),
        (True, {"labels": ("a",)}, "expected 4 labels, one for each output of the network, got 1"),
        (True, {"pretrained": True}, "expected no --pretrained for"),
        (True, {"weights": Path("w.pth")}, "expected no --weights for"),
        (True, {"without_top": True}, "expected no --without-top for"),
    ],
)
def test_choices_that_do_not_fit_are_refused(fixed: bool, choices: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable) as refused:
        load(str(graph(tmp_path / "net.onnx", fixed=fixed)), Choices(**choices))
    assert message in str(refused.value)


def test_a_graph_for_any_size_takes_the_one_that_is_said(tmp_path: Path) -> None:
    got = load(str(graph(tmp_path / "net.onnx", fixed=False)), Choices(size=(48, 40)))
    assert got.spec.pixels.shape == (40, 48, 3)

"""Class activation maps in the graph: found where they can be, proven, right, and without changing the answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from sightline_backend.pixels import PixelSpec
from sightline_export.candidate import from_pytorch
from sightline_export.datasets.photographs import photographs
from sightline_export.explanation.cam_candidate import with_cam
from sightline_export.graph.cam import add_cam
from sightline_export.graph.stages import RAW_KEY, SCALED_KEY
from sightline_export.model_spec import ModelSpec
from sightline_export.sources import Choices, load
from sightline_export.tasks.image_classification import ImageClassification

SIDE, CLASSES = 32, 5


class Pooled(nn.Module):
    """Convolutions, `end` and a linear layer."""

    def __init__(self, end: Callable[[Tensor], Tensor], hidden: bool = False, bias: bool = True) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU())
        self.end = end
        self.middle = nn.Sequential(nn.Linear(8, 8), nn.ReLU()) if hidden else nn.Dropout(0.5)
        self.head = nn.Linear(8, CLASSES, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.middle(self.end(self.features(x))))  # (B, 3, 32, 32) to (B, 8, 8, 8) to (B, 8) to (B, 5)


class PerClass(nn.Module):
    """One feature map per class, and their means."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, CLASSES, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x).mean(dim=(2, 3))


def pooled_module(x: Tensor) -> Tensor:
    return nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)


def pooled_mean(x: Tensor) -> Tensor:
    return x.mean(dim=(-2, -1))


def highest(x: Tensor) -> Tensor:
    return x.amax(dim=(2, 3))


def normalised(x: Tensor) -> Tensor:
    return nn.functional.layer_norm(x.mean(dim=(2, 3)), (8,))


WITH_MAPS = {
    "adaptive pooling": lambda: Pooled(pooled_module),
    "mean": lambda: Pooled(pooled_mean),
    "no bias": lambda: Pooled(pooled_mean, bias=False),
    "one map per class": PerClass,
}
WITHOUT = {
    "a hidden layer": lambda: Pooled(pooled_mean, hidden=True),
    "max pooling": lambda: Pooled(highest),
    "a normalised mean": lambda: Pooled(normalised),
}


def classifier(labels: int = CLASSES) -> ModelSpec:
    return ModelSpec(
        name="small",
        summary="a test",
        architecture="none",
        task=ImageClassification(),
        pixels=PixelSpec(SIDE, SIDE),
        pictures=photographs,
        labels=tuple(f"class {k}" for k in range(labels)),
        max_batch_size=4,
    )


def pictures(side: int = SIDE, count: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def answers(path: Path, pixels: NDArray[np.uint8], *more: str) -> dict[str, NDArray[Any]]:
    """All outputs of the graph, and further values in it."""
    model = onnx.load(path)
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in more)
    session: Any = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"PIXELS": pixels}), strict=True))


def written(network: nn.Module, folder: Path) -> Path:
    candidate = from_pytorch(classifier(), network.eval(), "a test", "random")
    candidate.write_graph(folder / "model.onnx", {})
    return folder / "model.onnx"


@pytest.mark.parametrize("name", WITH_MAPS)
def test_maps_are_the_linear_layer_at_each_place_and_leave_the_answers_alone(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = WITH_MAPS[name]()
    candidate = from_pytorch(classifier(), network, "a test", "random")
    candidate.write_graph(path := tmp_path / "model.onnx", {"kept": "yes"})
    before = answers(path, pictures())
    grown = with_cam(candidate, path)
    extra = grown.spec.task.network_signature(grown.spec).outputs[1]
    side = 16 if name == "one map per class" else 8
    assert (extra.name, extra.shape) == ("CAM", (CLASSES, side, side))

    found = answers(path, pictures(), RAW_KEY)
    np.testing.assert_array_equal(found["SCORES"], before["SCORES"])
    assert {entry.key: entry.value for entry in onnx.load(path).metadata_props}["kept"] == "yes"
    bias = network.head.bias if isinstance(network, Pooled) else None
    offset = np.zeros(CLASSES) if bias is None else bias.detach().numpy()
    np.testing.assert_allclose(found["CAM"].mean(axis=(2, 3)) + offset, found[RAW_KEY], atol=1e-5)
    with torch.inference_mode():
        features = network.features((torch.from_numpy(pictures()) / 255).permute(0, 3, 1, 2))
        weights = network.head.weight if isinstance(network, Pooled) else torch.eye(CLASSES)
        wanted = torch.einsum("bchw,kc->bkhw", features, weights)  # by PyTorch, from its own feature map
    np.testing.assert_allclose(found["CAM"], wanted.numpy(), atol=1e-5)

    reference = grown.reference({"PIXELS": pictures()})
    np.testing.assert_allclose(reference["CAM"], found["CAM"], atol=1e-5)
    np.testing.assert_allclose(reference["SCORES"], found["SCORES"], atol=1e-5)


@pytest.mark.parametrize("name", WITHOUT)
def test_a_network_that_ends_otherwise_is_left_as_it_is(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    candidate = from_pytorch(classifier(), WITHOUT[name](), "a test", "random")
    candidate.write_graph(path := tmp_path / "model.onnx", {})
    before = path.read_bytes()
    assert with_cam(candidate, path) is candidate
    assert path.read_bytes() == before


def test_the_maps_of_resnet18_are_added_to_its_graph(tmp_path: Path) -> None:
    torch.manual_seed(0)
    imported = load("torchvision:resnet18", Choices(size=(64, 64)))
    assert isinstance(imported.network, nn.Module)
    candidate = from_pytorch(imported.spec, imported.network, imported.origin, imported.weights)
    candidate.write_graph(path := tmp_path / "model.onnx", {})
    grown = with_cam(candidate, path)
    assert grown.spec.task.network_signature(grown.spec).outputs[1].shape == (1000, 2, 2)
    found = answers(path, pictures(64, 2), RAW_KEY)
    logits = found["CAM"].mean(axis=(2, 3)) + imported.network.get_parameter("fc.bias").detach().numpy()
    np.testing.assert_allclose(logits, found[RAW_KEY], atol=1e-4 * np.abs(found[RAW_KEY]).max())


def channels_last(path: Path, pool: str) -> NDArray[np.float32]:
    """A graph as TensorFlow writes it: NHWC, a mean over the axes 1 and 2, MatMul and Add. Gives the weights (C, k)."""
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(3, CLASSES)).astype(np.float32), rng.normal(size=CLASSES).astype(np.float32)
    constants = {"weights": weights, "bias": bias, "axes": np.array([1, 2])}
    if pool == "ReduceMean":
        pooling = [helper.make_node("ReduceMean", ["scaled", "axes"], ["means"], keepdims=0)]
    else:
        pooling = [
            helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
            helper.make_node("GlobalAveragePool", ["planes"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["means"]),
        ]
    nodes = [
        helper.make_node("Cast", ["PIXELS"], ["scaled"], to=TensorProto.FLOAT),
        *pooling,
        helper.make_node("MatMul", ["means", "weights"], ["product"]),
        helper.make_node("Add", ["bias", "product"], ["raw"]),
        helper.make_node("Softmax", ["raw"], ["SCORES"]),
    ]
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("PIXELS", TensorProto.UINT8, ["batch", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("SCORES", TensorProto.FLOAT, ["batch", CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])
    helper.set_model_props(model, {SCALED_KEY: "scaled", RAW_KEY: "raw"})
    onnx.save(model, path)
    return weights


@pytest.mark.parametrize("pool", ["ReduceMean", "GlobalAveragePool"])
def test_a_foreign_graph_with_channels_last_gets_its_maps(pool: str, tmp_path: Path) -> None:
    weights = channels_last(path := tmp_path / "model.onnx", pool)
    assert add_cam(path) == (CLASSES, SIDE, SIDE)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    wanted = np.einsum("bhwc,ck->bkhw", pictures().astype(np.float32), weights)
    np.testing.assert_allclose(answers(path, pictures())["CAM"], wanted, rtol=1e-4, atol=1e-3)
    assert add_cam(path) is None  # there already


def test_weights_beside_the_graph_are_found(tmp_path: Path) -> None:
    weights = channels_last(path := tmp_path / "model.onnx", "ReduceMean")
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=80)
    assert add_cam(path) == (CLASSES, SIDE, SIDE)
    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (maps,) = session.run(["CAM"], {"PIXELS": pictures()})
    wanted = np.einsum("bhwc,ck->bkhw", pictures().astype(np.float32), weights)
    np.testing.assert_allclose(maps, wanted, rtol=1e-4, atol=1e-3)


def test_a_graph_that_does_not_say_where_its_stages_are_is_left_alone(tmp_path: Path) -> None:
    path = written(Pooled(pooled_mean), tmp_path)
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, path)
    assert add_cam(path) is None

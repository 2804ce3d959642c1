"""Small classifiers of which a test knows what they look at, and models that explain them."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

from sightline_backend.explanation.spec import ExplainSpec
from sightline_backend.pixels import PixelSpec

from .triton_models import BATCH, ON_CPU, ONNX, WAITING, graph, node, parameters, tensor, write_model

SIDE = 16
PIXELS = PixelSpec(SIDE, SIDE, resample="nearest")
LETTERBOXED = PixelSpec(SIDE, SIDE, fit="letterbox", resample="nearest")
SQUARE_ROWS, SQUARE_COLUMNS = (8, 12), (4, 8)
"""Of the network `square`, in pixels: all that its scores depend on."""

_PIXELS = {"PIXELS": (TensorProto.UINT8, (BATCH, SIDE, SIDE, 3))}


def square() -> onnx.ModelProto:
    """SCORES = (the mean level of the square / 255, the rest to 1)."""
    (top, bottom), (left, right) = SQUARE_ROWS, SQUARE_COLUMNS
    constants = {
        "starts": np.array([top, left]),
        "ends": np.array([bottom, right]),
        "axes": np.array([1, 2]),
        "all": np.array([1, 2, 3]),
        "highest": np.array(255, np.float32),
        "one": np.array(1, np.float32),
        "column": np.array([-1, 1]),
    }
    nodes = [
        node("Cast", ["PIXELS"], "levels", to=TensorProto.FLOAT),
        node("Slice", ["levels", "starts", "ends", "axes"], "part"),
        node("ReduceMean", ["part", "all"], "mean", keepdims=0),
        node("Div", ["mean", "highest"], "share"),
        node("Sub", ["one", "share"], "rest"),
        node("Reshape", ["share", "column"], "first"),
        node("Reshape", ["rest", "column"], "second"),
        node("Concat", ["first", "second"], "SCORES", axis=1),
    ]
    return graph(nodes, _PIXELS, {"SCORES": (TensorProto.FLOAT, (BATCH, 2))}, constants)


def colours() -> onnx.ModelProto:
    """SCORES = softmax of ten times the mean red, green and blue; CAM their 4x4 maps, ATTENTION that of the light."""
    constants = {
        "ten": np.array(10 / 255, np.float32),
        "vector": np.array([-1, 3]),
        "channel": np.array([1]),
        "all": np.array([1, 2]),
        "tiny": np.array(1e-6, np.float32),
    }
    nodes = [
        node("Cast", ["PIXELS"], "levels", to=TensorProto.FLOAT),
        node("Transpose", ["levels"], "planes", perm=[0, 3, 1, 2]),
        node("Mul", ["planes", "ten"], "scaled"),
        node("AveragePool", ["scaled"], "CAM", kernel_shape=[4, 4], strides=[4, 4]),
        node("GlobalAveragePool", ["CAM"], "means"),
        node("Reshape", ["means", "vector"], "logits"),
        node("Softmax", ["logits"], "SCORES", axis=1),
        node("ReduceSum", ["CAM", "channel"], "light", keepdims=0),
        node("ReduceSum", ["light", "all"], "total", keepdims=1),
        node("Max", ["total", "tiny"], "divisor"),
        node("Div", ["light", "divisor"], "ATTENTION"),
    ]
    outputs = {
        "SCORES": (TensorProto.FLOAT, (BATCH, 3)),
        "CAM": (TensorProto.FLOAT, (BATCH, 3, 4, 4)),
        "ATTENTION": (TensorProto.FLOAT, (BATCH, 4, 4)),
    }
    return graph(nodes, _PIXELS, outputs, constants)


NETWORKS = {"square": square, "colours": colours}
SPECS = {
    "occlusion": ExplainSpec("square", PIXELS, "occlusion", patch=4, stride=2, network_batch_size=8, least_range=0.5),
    "rise": ExplainSpec("square", PIXELS, "rise", masks=300, cells=6, stride=2, network_batch_size=8),
    "cam": ExplainSpec("colours", PIXELS, "cam", map_width=4, map_height=4, least_range=0.1),
    "attention": ExplainSpec("colours", PIXELS, "attention", map_width=4, map_height=4, least_range=0.1),
    "letterboxed": ExplainSpec("square", LETTERBOXED, "occlusion", patch=4, stride=2, network_batch_size=8),
}


def write_explaining_models(repository: Path) -> None:
    pixels = tensor("input", "PIXELS", "TYPE_UINT8", f"[{SIDE}, {SIDE}, 3]")
    scores = {"square": "[2]", "colours": "[3]"}
    maps = tensor("output", "CAM", "TYPE_FP32", "[3, 4, 4]") + tensor("output", "ATTENTION", "TYPE_FP32", "[4, 4]")
    for name, network in NETWORKS.items():
        outputs = tensor("output", "SCORES", "TYPE_FP32", scores[name]) + (maps if name == "colours" else "")
        write_model(repository, name, ONNX + "max_batch_size: 8\n" + pixels + outputs + ON_CPU, network())
    for name, spec in SPECS.items():
        write_model(repository, name, 'backend: "explain"\n' + parameters(**spec.parameters()) + ON_CPU)
    inputs = tensor("input", "IMAGE", "TYPE_STRING", "[1]") + tensor("input", "CLASS_ID", "TYPE_INT32", "[1]")
    outputs = tensor("output", "HEATMAP", "TYPE_FP32", "[8, 8]") + tensor("output", "CLASS_ID", "TYPE_INT32", "[1]")
    listed = inputs + outputs + tensor("output", "SCORE", "TYPE_FP32", "[1]")
    occlusion = 'backend: "explain"\nmax_batch_size: 16\n' + parameters(**SPECS["occlusion"].parameters())
    write_model(repository, "waiting", occlusion + listed + WAITING + ON_CPU)
    alone = SPECS["occlusion"].parameters() | {"network": "waiting"}
    write_model(repository, "alone", 'backend: "explain"\n' + parameters(**alone) + ON_CPU)

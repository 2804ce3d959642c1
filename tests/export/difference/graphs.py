"""A small network by hand, and the mistakes that people make around it, as ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

WIDTH, HEIGHT = 48, 32
LABELS = ("temple", "flower", "river", "bridge", "hill", "boat")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Graph:
    """What goes into the file. before: nodes on the pixels; middle: on levels; after: on the logits; all by name."""

    channels: int = 3
    seed: int = 7
    scale: float = 1 / 255
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    order: tuple[int, ...] | None = None
    reshaped: bool = False
    finish: Sequence[str] = ("Softmax",)
    rows: tuple[int, ...] | None = None
    metadata: bool = True
    answer: str = "SCORES"

    def model(self) -> onnx.ModelProto:
        """uint8 (B, 32, 48, c) to the answer (B, 6); every position and every channel counts."""
        c = self.channels
        draw = np.random.default_rng(self.seed)
        rows = list(self.rows or range(len(LABELS)))
        constants: dict[str, NDArray[Any]] = {
            "factor": np.array(self.scale, np.float32),
            "mean": np.array(self.mean[:c], np.float32).reshape(1, c, 1, 1),
            "std": np.array(self.std[:c], np.float32).reshape(1, c, 1, 1),
            "filters": draw.normal(0, 0.35, (8, c, 4, 4)).astype(np.float32),
            "weights": draw.normal(0, 0.07, (8 * 12 * 8, len(LABELS))).astype(np.float32)[:, rows],
            "bias": draw.normal(0, 0.3, len(LABELS)).astype(np.float32)[rows],
            "order": np.array(self.order or range(c)),
            "flat": np.array([0, -1]),
        }
        if self.reshaped:
            constants["nchw"] = np.array([0, c, HEIGHT, WIDTH])
        nodes = [
            helper.make_node("Gather", ["PIXELS", "order"], ["ordered"], axis=3),
            helper.make_node("Reshape", ["ordered", "nchw"], ["chw"])
            if self.reshaped
            else helper.make_node("Transpose", ["ordered"], ["chw"], perm=[0, 3, 1, 2]),
            helper.make_node("Cast", ["chw"], ["levels"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["levels", "factor"], ["unit"]),
            helper.make_node("Sub", ["unit", "mean"], ["centred"]),
            helper.make_node("Div", ["centred", "std"], ["scaled"]),
            helper.make_node("Conv", ["scaled", "filters"], ["maps"], strides=[4, 4]),
            helper.make_node("Relu", ["maps"], ["positive"]),
            helper.make_node("Reshape", ["positive", "flat"], ["features"]),
            helper.make_node("Gemm", ["features", "weights", "bias"], ["raw"]),
        ]
        last = "raw"
        for number, operator in enumerate(self.finish):
            nodes.append(helper.make_node(operator, [last], [f"finish{number}"]))  # softmax: of the last axis
            last = f"finish{number}"
        nodes.append(helper.make_node("Identity", [last], [self.answer]))
        graph = helper.make_graph(
            nodes,
            "small",
            [helper.make_tensor_value_info("PIXELS", TensorProto.UINT8, ["batch", HEIGHT, WIDTH, c])],
            [helper.make_tensor_value_info(self.answer, TensorProto.FLOAT, ["batch", len(LABELS)])],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
        )
        model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])
        if self.metadata:
            helper.set_model_props(model, {"sightline.stage.scaled": "scaled", "sightline.stage.raw": "raw"})
        onnx.checker.check_model(model)
        return model


HEALTHY = Graph()
GREY = Graph(channels=1, mean=(0.449,), std=(0.226,))
EMBEDDER = replace(HEALTHY, answer="EMBEDDING", finish=("LpNormalization",))  # to unit length, along the last axis
OLDER = replace(HEALTHY, seed=11)
"""The first version of the network; `HEALTHY` is the second."""

FAULTY: dict[str, Graph] = {
    "scaled_twice": replace(HEALTHY, scale=1 / 255**2),
    "not_scaled": replace(HEALTHY, scale=1.0),
    "mean_unit": replace(HEALTHY, mean=tuple(255 * m for m in MEAN)),
    "mean_missing": replace(HEALTHY, mean=(0, 0, 0)),
    "mean_std_missing": replace(HEALTHY, mean=(0, 0, 0), std=(1, 1, 1)),
    "plus_minus_one": replace(HEALTHY, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
    "variance": replace(HEALTHY, std=tuple(s * s for s in STD)),
    "reshaped": replace(HEALTHY, reshaped=True),
    "bgr": replace(HEALTHY, order=(2, 1, 0)),
    "raw": replace(HEALTHY, finish=()),
    "softmax_twice": replace(HEALTHY, finish=("Softmax", "Softmax")),
    "sigmoid": replace(HEALTHY, finish=("Sigmoid",)),
    "classes_permuted": replace(HEALTHY, rows=(0, 1, 3, 2, 4, 5)),
    "version_1": OLDER,
    "other_weights": replace(HEALTHY, seed=99),
}

"""A batch axis that was frozen when a graph was exported, made dynamic again as far as constants say what was meant.

What comes out is a proposal: `proof` decides whether it is the same network.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.external_data_helper import uses_external_data

from sightline_export.graph.dataflow import descendants, value_names
from sightline_export.graph.tensors import constants, dims

BATCH = "batch"

# Operators that take a whole shape as an input, and at which place.
_SHAPE_INPUTS = {"Expand": 1, "ConstantOfShape": 0, "Resize": 3}
_BROADCASTING = frozenset({"Add", "Div", "Mul", "Sub", "Where"})


def thawed(model: onnx.ModelProto, picture: str, frozen: int) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """A copy of `model` whose batch axis is dynamic wherever it was the number `frozen`.

    picture: name of the input. Gives the copy and the names of the nodes that were rewritten.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    for value in (*graph.input, *graph.output):
        if (axes := dims(value)) and (value.name == picture or axes[0] == frozen):
            value.type.tensor_type.shape.dim[0].dim_param = BATCH
    del graph.value_info[:]
    rewriting = _Rewriting(graph, picture, frozen)
    rewriting.all_nodes()
    return copy, tuple(rewriting.rewritten)


class _Rewriting:
    """One pass over the nodes of a graph."""

    def __init__(self, graph: onnx.GraphProto, picture: str, frozen: int) -> None:
        self.graph = graph
        self.picture = picture
        self.frozen = frozen
        self.rewritten: list[str] = []
        self._constants = constants(graph)
        self._weights = {tensor.name: tensor for tensor in graph.initializer}
        self._from_picture = descendants(graph, picture)
        self._names = _fresh(value_names(graph))
        self._first: list[onnx.NodeProto] = []
        self._batch_size: str | None = None

    def all_nodes(self) -> None:
        for node in self.graph.node:
            if node.op_type == "Reshape":
                done = self._reshape(node)
            elif node.op_type == "Concat":
                done = self._concat(node)
            elif node.op_type in _BROADCASTING:
                done = self._rows_for_one(node, repeat=False)
            else:
                done = self._shape_input(node)
            if done:
                self.rewritten.append(node.name or node.output[0])
        nodes = [*self._first, *self.graph.node]
        del self.graph.node[:]
        self.graph.node.extend(nodes)

    def _reshape(self, node: onnx.NodeProto) -> bool:
        target = self._constants.get(node.input[1])
        if target is None or not len(target) or target[0] != self.frozen or node.input[0] not in self._from_picture:
            return False
        rest = target[1:]
        if -1 in rest:
            if 0 in rest and any(attribute.name == "allowzero" and attribute.i for attribute in node.attribute):
                return False
            kept = [attribute for attribute in node.attribute if attribute.name != "allowzero"]
            del node.attribute[:]
            node.attribute.extend(kept)
        node.input[1] = self._constant([0 if -1 in rest else -1, *rest])
        return True

    def _shape_input(self, node: onnx.NodeProto) -> bool:
        place = _SHAPE_INPUTS.get(node.op_type, -1)
        if not 0 <= place < len(node.input):
            return False
        target = self._constants.get(node.input[place])
        if target is None or len(target) < 2 or target[0] != self.frozen:
            return False
        node.input[place] = self._batch_and(target[1:])
        return True

    def _concat(self, node: onnx.NodeProto) -> bool:
        """A class token that was folded to a weight with a row per picture has to be repeated for every picture."""
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
        if axis == 0 or self._from_picture.isdisjoint(node.input):
            return False
        return self._rows_for_one(node, repeat=True)

    def _rows_for_one(self, node: onnx.NodeProto, repeat: bool) -> bool:
        done = False
        for place, name in enumerate(node.input):
            row = self._row(name)
            if row is None or (self.frozen == 1 and not repeat):
                continue
            if repeat:
                one, row = row, next(self._names)
                shape = self._batch_and(np.array(self._weights[name].dims[1:], np.int64))
                self._first.append(helper.make_node("Expand", [one, shape], [row]))
            node.input[place] = row
            done = True
        return done

    def _row(self, name: str) -> str | None:
        """The name of the one row that a weight holds `frozen` times; None where it is no such weight."""
        tensor = self._weights.get(name)
        if tensor is None or len(tensor.dims) < 2 or tensor.dims[0] != self.frozen:
            return None
        if self.frozen == 1:
            return name
        if uses_external_data(tensor):
            return None
        rows = numpy_helper.to_array(tensor)
        if np.any(rows != rows[:1]):
            return None
        row = next(self._names)
        self.graph.initializer.append(numpy_helper.from_array(rows[:1], row))
        return row

    def _batch_and(self, rest: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
        """The name of a shape [batch size, *rest]."""
        if self._batch_size is None:
            shape, self._batch_size = next(self._names), next(self._names)
            self._first.append(helper.make_node("Shape", [self.picture], [shape]))
            self._first.append(helper.make_node("Gather", [shape, self._constant([0])], [self._batch_size], axis=0))
        name = next(self._names)
        inputs = [self._batch_size, self._constant(list(rest))]
        self._first.append(helper.make_node("Concat", inputs, [name], axis=0))
        return name

    def _constant(self, numbers: list[int]) -> str:
        name = next(self._names)
        self.graph.initializer.append(numpy_helper.from_array(np.array(numbers, np.int64), name))
        return name


def _fresh(taken: set[str]) -> Iterator[str]:
    """Names that the graph does not have yet."""
    number = 0
    while True:
        name = f"sightline_batch_{number}"
        if name not in taken:
            yield name
        number += 1

"""Tracing every recipe: the graph keeps the contract and gives PyTorch's answers."""

from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from sightline_export.errors import GraphRefused
from sightline_export.recipe import find, recipes
from sightline_export.runtimes import onnx_runtime, pytorch_runtime
from sightline_export.signature import Signature, TensorSpec
from sightline_export.trace import MAX_IR_VERSION, MAX_OPSET, refuse_unservable, trace
from sightline_export.verify import compare, require_parity

X_TO_Y = Signature((TensorSpec("X", "FP32", (4,)),), (TensorSpec("Y", "FP32", (4,)),))


@pytest.mark.parametrize("name", recipes())
def test_untrained_network_is_the_same_in_onnx_at_every_batch_size(name: str, tmp_path: Path) -> None:
    recipe = find(name)
    torch.manual_seed(3)
    signature = recipe.task.network_signature(recipe)
    graph = recipe.task.graph(recipe, recipe.build()).eval()
    examples = recipe.task.examples(recipe, recipe.max_batch_size)
    path = tmp_path / "model.onnx"
    trace(graph, tuple(torch.from_numpy(examples[spec.name][:2]) for spec in signature.inputs), signature, path)

    model = onnx.load(path)
    assert model.ir_version <= MAX_IR_VERSION
    assert all(imported.version <= MAX_OPSET for imported in model.opset_import if not imported.domain)
    rows = compare(pytorch_runtime(graph, signature), onnx_runtime(path), examples, signature, recipe.max_batch_size)
    assert sorted({row.batch for row in rows}) == [1, 2, 3, recipe.max_batch_size]
    require_parity(name, rows)


class FrozenBatch(nn.Module):
    """The mistake that people make: a batch size read as a number and written down."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(2, 4) * 2


def test_a_frozen_batch_axis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphRefused, match="dynamic first axis on input X, got 2: the batch size was frozen"):
        trace(FrozenBatch(), (torch.zeros(2, 4),), X_TO_Y, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


class ReadsAValue(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


def test_a_network_that_cannot_be_traced_is_explained_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(GraphRefused, match=r"^expected a network that PyTorch can trace .* read as Python numbers .*$"):
        trace(ReadsAValue(), (torch.zeros(2, 4),), X_TO_Y, tmp_path / "model.onnx")


def test_an_example_of_batch_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 2"):
        trace(nn.Identity(), (torch.zeros(1, 4),), X_TO_Y, tmp_path / "model.onnx")


def graph_of(batch: int | str, ir_version: int = 10, opset: int = 20, name: str = "Y") -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["X"], [name])],
        "g",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [batch, 4])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, 4])],
    )
    return helper.make_model(graph, ir_version=ir_version, opset_imports=[helper.make_opsetid("", opset)])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (graph_of("batch", ir_version=11), "IR version <= 10, got 11"),
        (graph_of("batch", opset=22), "opset <= 21, got 22"),
        (graph_of(2), "dynamic first axis on input X, got 2"),
        (graph_of("batch", name="Z"), r"outputs \['Y'\], the graph has \['Z'\]"),
    ],
)
def test_graphs_that_triton_would_refuse_are_refused_here(model: onnx.ModelProto, message: str) -> None:
    with pytest.raises(GraphRefused, match=message):
        refuse_unservable(model, X_TO_Y)


def test_a_graph_that_keeps_the_contract_passes() -> None:
    refuse_unservable(graph_of("batch"), X_TO_Y)

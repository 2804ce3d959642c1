"""Tracing every recipe: the graph keeps the contract and gives PyTorch's answers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from sightline_export.errors import GraphRefused
from sightline_export.graph.contract import refuse_unservable
from sightline_export.graph.limits import MAX_IR_VERSION, MAX_OPSET
from sightline_export.graph.stages import run_stages
from sightline_export.graph.trace import trace
from sightline_export.recipe import find_recipe
from sightline_export.runtimes import onnx_runtime, pytorch_runtime
from sightline_export.signature import Signature, TensorSpec
from sightline_export.verification.parity import compare
from sightline_export.verification.truth import find_truth

X_TO_Y = Signature((TensorSpec("X", "FP32", (4,)),), (TensorSpec("Y", "FP32", (4,)),))


@pytest.mark.parametrize("name", ["cnn", "gan", "attention", "vae_interpolate", "detector", "segmenter"])
def test_untrained_network_is_the_same_in_onnx_at_every_batch_size(name: str, tmp_path: Path) -> None:
    recipe = find_recipe(name.partition("_")[0])
    (part,) = (part for part in recipe.parts if part.name == name)
    spec = part.spec
    torch.manual_seed(3)
    signature = spec.task.network_signature(spec)
    graph = spec.task.graph(spec, part.network(recipe.build())).eval()
    truth = find_truth(spec, pytorch_runtime(graph, signature))
    examples = truth.network_inputs
    path = tmp_path / "model.onnx"
    trace(graph, tuple(torch.from_numpy(examples[tensor.name][:2]) for tensor in signature.inputs), signature, path)

    model = onnx.load(path)
    assert model.ir_version <= MAX_IR_VERSION
    assert all(imported.version <= MAX_OPSET for imported in model.opset_import if not imported.domain)
    rows = compare(truth.network_answers, onnx_runtime(path), examples, signature.outputs, spec.max_batch_size)
    assert sorted({row.batch for row in rows}) == [1, 2, 3, spec.max_batch_size]
    assert [row for row in rows if not row.holds] == []


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
    with pytest.raises(GraphRefused, match=r"decision that depends on the values in the picture .*test_trace\.py:\d+"):
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


def traced_cnn(path: Path, **options: int) -> onnx.ModelProto:
    spec = find_recipe("cnn").spec
    torch.manual_seed(3)
    graph = spec.task.graph(spec, find_recipe("cnn").build()).eval()
    pixels = torch.randint(0, 256, (2, *spec.pixels.shape), dtype=torch.uint8)
    trace(graph, (pixels,), spec.task.network_signature(spec), path, {"sightline.source": "a test"}, **options)
    return onnx.load(path, load_external_data=False)


def test_the_stages_are_named_in_the_file_and_are_no_outputs(tmp_path: Path) -> None:
    model = traced_cnn(tmp_path / "model.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["sightline.source"] == "a test"
    assert [value.name for value in model.graph.output] == ["SCORES"]
    values = run_stages(tmp_path / "model.onnx", np.full((2, 64, 64, 3), 255, np.uint8))
    np.testing.assert_allclose(values.scaled, np.ones((2, 3, 64, 64)))  # (255 / 255 - 0.5) / 0.5
    np.testing.assert_allclose(values.raw.argmax(axis=1), values.output.argmax(axis=1))
    assert values.raw.shape == values.output.shape == (2, 10)


def test_weights_that_one_message_cannot_hold_are_written_beside_it(tmp_path: Path) -> None:
    inline, beside = tmp_path / "inline.onnx", tmp_path / "beside.onnx"
    traced_cnn(inline)
    traced_cnn(beside, max_inline_bytes=1_000_000)
    assert [file.name for file in tmp_path.glob("*.data")] == ["beside.onnx.data"]
    assert beside.stat().st_size < 100_000
    pixels = {"PIXELS": np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)}
    np.testing.assert_array_equal(onnx_runtime(beside)(pixels)["SCORES"], onnx_runtime(inline)(pixels)["SCORES"])

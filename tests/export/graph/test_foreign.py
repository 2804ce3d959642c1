"""Graphs that people bring: what can be served is repaired and proven, what can't is refused with the fix."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from export.graph.networks import CLASSES, SIDE, WIDTH, Made, floats
from onnx import TensorProto, helper
from torch import Tensor, nn

from sightline_export.errors import GraphRefused
from sightline_export.graph.foreign import read
from sightline_export.graph.proof import same
from sightline_export.runtimes import onnx_runtime

TWICE = helper.make_node("Add", ["logits", "logits"], ["twice"], name="twice")
SOFTMAX = helper.make_node("Softmax", ["logits"], ["scores"], name="softmax", axis=1)
BOXES = [
    helper.make_node("Reshape", ["features", "corners"], ["boxes"], name="boxes"),
    helper.make_node("ReduceMax", ["boxes"], ["largest"], name="largest", axes=[2]),
    helper.make_node("Transpose", ["largest"], ["confidence"], name="confidence", perm=[0, 2, 1]),
    helper.make_node("NonMaxSuppression", ["boxes", "confidence", "many"], ["chosen"], name="nms"),
    helper.make_node("Cast", ["chosen"], ["detections"], name="cast", to=TensorProto.FLOAT),
]
BOX_SHAPES = {"corners": np.array([0, -1, 4], np.int64), "many": np.array([5], np.int64)}
FOO = helper.make_node("Foo", ["logits"], ["odd"], name="foo_1", domain="my.plugins")


@dataclass(frozen=True)
class Served:
    made: Made
    repairs: str
    """Part of what read() says that it did; "" where nothing was to be done."""
    layout: str = "nchw"
    datatype: str = "FP32"
    output: str = "logits"


SERVED = {
    "nchw": Served(Made(), ""),
    "nhwc": Served(Made(nhwc=True), "", layout="nhwc"),
    "grey": Served(Made(channels=1), ""),
    "float16": Served(Made(datatype=TensorProto.FLOAT16), "", datatype="FP16"),
    "uint8": Served(Made(datatype=TensorProto.UINT8, nhwc=True), "", layout="nhwc", datatype="UINT8"),
    "opset 9": Served(Made(opset=9), ""),
    "opset 11": Served(Made(opset=11), ""),
    "opset 13": Served(Made(opset=13), ""),
    "opset 21": Served(Made(opset=21, ir_version=10), ""),
    "opset 22": Served(Made(opset=22, ir_version=10), "opset 22 was converted to 21"),
    "IR 13": Served(Made(ir_version=13), "IR version 13 is 10 now"),
    "IR newer than ONNX Runtime": Served(Made(ir_version=14), "IR version 14 is 10 now"),
    "opset 25, IR 13": Served(Made(opset=25, ir_version=13), "opset 25 was converted to 21"),
    "weights among the inputs": Served(
        Made(weights_as_inputs=True, ir_version=3, opset=8), "3 weights are no longer listed"
    ),
    "frozen at 1": Served(Made(batch=1), "the batch axis, frozen at 1, is dynamic now"),
    "frozen at 1 in a reshape": Served(Made(batch=1, flatten="whole"), "(rewritten: reshape)"),
    "frozen at 4 in a reshape with -1": Served(Made(batch=4, flatten="open"), "frozen at 4"),
    "frozen output only": Served(Made(outputs=[floats("logits", 1, CLASSES)]), "frozen at 1"),
    "softmaxed": Served(Made(tail=[SOFTMAX], outputs=[floats("scores", "n", CLASSES)]), "", output="scores"),
    "two outputs": Served(
        Made(outputs=[floats("features", "n", WIDTH, SIDE, SIDE), floats("logits", "n", CLASSES)]),
        "of 2 outputs 'logits' is served",
    ),
    "no shape declared": Served(Made(outputs=[helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)]), ""),
    "every axis open": Served(Made(channels="c", height="h", width="w"), ""),
    "every axis open, channels last": Served(Made(channels="c", height="h", width="w", nhwc=True), "", layout="nhwc"),
    "detections beside scores": Served(
        Made(tail=BOXES, constants=BOX_SHAPES, outputs=[floats("logits", "n", CLASSES), floats("detections", "d", 3)]),
        "of 2 outputs",
    ),
}


@pytest.mark.parametrize("case", SERVED.values(), ids=SERVED)
def test_a_graph_that_can_be_served_is_read_and_keeps_its_answers(case: Served, tmp_path: Path) -> None:
    path = case.made.write(tmp_path)
    brought = path.read_bytes()

    network = read(path, tmp_path / "scratch")

    assert (network.layout, network.datatype, network.output_name) == (case.layout, case.datatype, case.output)
    assert network.output_shape == (CLASSES,)
    assert network.channels == (1 if case.made.channels == 1 else 3)
    assert (network.height, network.width) == ((None, None) if case.made.height == "h" else (SIDE, SIDE))
    assert network.opset <= 21
    assert 4 <= network.ir_version <= 10
    assert case.repairs in "; ".join(network.repairs)
    assert bool(network.repairs) == bool(case.repairs)
    assert path.read_bytes() == brought
    assert (network.path == path) == (case.repairs in ("", "of 2 outputs", "of 2 outputs 'logits' is served"))

    x = pictures(case, 5)
    plain = Made(channels=network.channels, nhwc=case.made.nhwc, datatype=case.made.datatype)
    plain_folder = tmp_path / "plain"
    plain_folder.mkdir()
    wanted = onnx_runtime(plain.write(plain_folder))({"x": x})["logits"].astype(np.float64)
    if case.output == "scores":
        wanted = np.exp(wanted) / np.exp(wanted).sum(axis=1, keepdims=True)
    got = onnx_runtime(network.path)({network.input_name: x})[network.output_name]
    np.testing.assert_allclose(got, wanted, atol=2e-2 if case.datatype == "FP16" else 1e-5)


def pictures(case: Served, count: int) -> np.ndarray:
    channels = case.made.channels if isinstance(case.made.channels, int) else 3
    shape = (count, SIDE, SIDE, channels) if case.made.nhwc else (count, channels, SIDE, SIDE)
    levels = np.random.default_rng(1).integers(0, 256, shape)
    types = {"FP32": np.float32, "FP16": np.float16, "UINT8": np.uint8}
    return (levels if case.datatype == "UINT8" else levels / 255).astype(types[case.datatype])


REFUSED = {
    "custom operator": (
        Made(tail=[FOO], outputs=[floats("odd", "n", CLASSES)]),
        r"got my\.plugins:Foo in node 'foo_1'; a custom operator .* cut it before that node",
    ),
    "operator that does not exist": (
        Made(tail=[helper.make_node("Foo", ["logits"], ["odd"], name="f")], outputs=[floats("odd", "n", 5)]),
        r"expected operators that ONNX Runtime has, got Foo in node 'f'; export it with .*opset_version=20",
    ),
    "detections": (
        Made(tail=BOXES, constants=BOX_SHAPES, outputs=[floats("detections", "d", 3)]),
        r"shape follows from the values in the picture \(NonMaxSuppression in node 'nms'\); leave that part out",
    ),
    "detections declared as a batch": (
        Made(tail=BOXES, constants=BOX_SHAPES, outputs=[floats("detections", "n", 3)]),
        r"shape follows from the values in the picture \(NonMaxSuppression in node 'nms'\)",
    ),
    "mixed in the batch": (
        Made(
            tail=[
                helper.make_node("ReduceMean", ["logits"], ["mean"], name="over_the_batch", axes=[0]),
                helper.make_node("Sub", ["logits", "mean"], ["centred"], name="sub"),
            ],
            outputs=[floats("centred", "n", CLASSES)],
        ),
        r"rows that change with their batch from ReduceMean in node 'over_the_batch' on.*dynamic_axes=\{'x'",
    ),
    "frozen beyond repair": (
        Made(
            batch=1,
            tail=[helper.make_node("Reshape", ["features", "pairs"], ["mixed"], name="pairs", allowzero=0)],
            constants={"pairs": np.array([2, WIDTH * SIDE * SIDE // 2], np.int64)},
            outputs=[floats("mixed", 2, WIDTH * SIDE * SIDE // 2)],
        ),
        r"got an error of Reshape in node 'pairs': the batch size was frozen .*dynamic_axes",
    ),
    "random": (
        Made(
            tail=[
                helper.make_node("RandomNormalLike", ["logits"], ["noise"], name="dropout"),
                helper.make_node("Add", ["logits", "noise"], ["noisy"], name="add"),
            ],
            outputs=[floats("noisy", "n", CLASSES)],
        ),
        r"another one each time: RandomNormalLike in node 'dropout'; export the network in evaluation mode",
    ),
    "three inputs": (
        Made(more_inputs=[floats("mask", "n", 1), floats("size", "n", 2)]),
        r"one input, the picture, got 3: \['x', 'mask', 'size'\]; make the others constants",
    ),
    "five channels": (
        Made(channels=5),
        r"1 or 3 channels in the second or last axis of the input 'x', got \[n, 5, 16, 16\]; export",
    ),
    "whole numbers": (Made(datatype=TensorProto.INT64), r"'x' as FLOAT, FLOAT16 or UINT8, got INT64; convert it"),
    "whole numbers out": (
        Made(
            tail=[helper.make_node("ArgMax", ["logits"], ["best"], name="argmax", axis=1)],
            outputs=[helper.make_tensor_value_info("best", TensorProto.INT64, ["n", 1])],
        ),
        r"an output of type FLOAT or FLOAT16, got \['best INT64'\]; let the network give its scores",
    ),
    "opset that nothing runs": (
        Made(opset=99, ir_version=13),
        r"an opset that ONNX Runtime knows, got 99, .*opset_version=20",
    ),
}


@pytest.mark.parametrize(("made", "message"), REFUSED.values(), ids=REFUSED)
def test_a_graph_that_cannot_be_served_is_refused_with_the_fix(made: Made, message: str, tmp_path: Path) -> None:
    path = made.write(tmp_path)
    with pytest.raises(GraphRefused, match=message) as raised:
        read(path, tmp_path / "scratch")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "scratch").exists()


class TokensAndPixels(nn.Module):
    """A vision transformer in small: a class token, attention, and shapes that a tracer likes to freeze."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.qkv = nn.Linear(8, 24)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        q, k, v = self.qkv(x).reshape(x.shape[0], -1, 3, 2, 4).permute(2, 0, 3, 1, 4)
        y = ((q @ k.transpose(-2, -1)).softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
        return self.head((x + y)[:, 0])


@pytest.mark.parametrize("frozen", [1, 2])
def test_a_transformer_that_was_exported_for_a_fixed_batch_is_thawed(frozen: int, tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = TokensAndPixels().eval()
    path = tmp_path / "brought.onnx"
    export(network, torch.zeros(frozen, 3, SIDE, SIDE), path)
    assert onnx.load(path).graph.input[0].type.tensor_type.shape.dim[0].dim_value == frozen

    thawed = read(path, tmp_path / "scratch")

    assert thawed.frozen_batch == frozen
    x = torch.rand(5, 3, SIDE, SIDE)
    with torch.inference_mode():
        wanted = network(x).numpy()
    got = onnx_runtime(thawed.path)({thawed.input_name: x.numpy()})[thawed.output_name]
    np.testing.assert_allclose(got, wanted, atol=1e-5)


@pytest.mark.parametrize("opset", [18, 24])
def test_what_pytorch_exports_today_is_served(opset: int, tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = TokensAndPixels().eval()
    path = tmp_path / "brought.onnx"
    export(network, torch.zeros(2, 3, SIDE, SIDE), path, opset, ({0: torch.export.Dim("batch")},))
    read_back = read(path, tmp_path / "scratch")
    assert read_back.opset == min(opset, 21)
    assert read_back.frozen_batch is None
    x = torch.rand(3, 3, SIDE, SIDE)
    with torch.inference_mode():
        wanted = network(x).numpy()
    got = onnx_runtime(read_back.path)({read_back.input_name: x.numpy()})[read_back.output_name]
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def export(network: nn.Module, x: Tensor, path: Path, opset: int = 18, dynamic: object = None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (x,),
            path,
            dynamo=True,
            opset_version=opset,
            dynamic_shapes=dynamic,  # pyright: ignore[reportArgumentType]
            external_data=False,
            verbose=False,
        )


SAME: list[tuple[list[float], list[float], bool]] = [
    ([1, 2], [1, 2.00001], True),
    ([1, 2], [1, 2.001], False),
    ([1000, 0], [1000, 0.05], True),
    ([1, np.nan], [1, np.nan], True),
    ([1, np.nan], [1, 2], False),
    ([1, np.inf], [1, 5], False),
    ([1, 2], [1, 2, 3], False),
]


@pytest.mark.parametrize(("one", "other", "expected"), SAME)
def test_answers_are_compared_in_their_own_size(one: list[float], other: list[float], expected: bool) -> None:
    assert same(np.array(one, np.float32), np.array(other, np.float32)) is expected


def test_a_weight_per_picture_that_differs_from_row_to_row_is_not_thawed(tmp_path: Path) -> None:
    made = Made(
        batch=2,
        tail=[helper.make_node("Add", ["logits", "own"], ["shifted"], name="own_offset")],
        constants={"own": np.arange(2 * CLASSES, dtype=np.float32).reshape(2, CLASSES)},
        outputs=[floats("shifted", 2, CLASSES)],
    )
    with pytest.raises(GraphRefused, match="own_offset"):
        read(made.write(tmp_path), tmp_path / "scratch")
    alike = np.repeat(np.arange(CLASSES, dtype=np.float32)[None], 2, axis=0)
    thawed = read(replace(made, constants={"own": alike}).write(tmp_path), tmp_path / "scratch")
    assert thawed.repairs == ("the batch axis, frozen at 2, is dynamic now (rewritten: own_offset)",)


def test_the_size_that_is_given_is_the_one_that_is_tried(tmp_path: Path) -> None:
    fully = Made(
        channels=3,
        height="h",
        width="w",
        outputs=[floats("features", "n", WIDTH, "h", "w")],
    )
    network = read(fully.write(tmp_path), tmp_path / "scratch", size=(24, 8))
    assert network.output_shape == (WIDTH, -1, -1)


OTHERS = {
    "truncated": (Made().model().SerializeToString()[:700], "700 bytes that hold no complete graph: it is truncated"),
    "empty": (b"", "0 bytes that hold no complete graph"),
    "pth": (b"PK\x03\x04archive/data.pkl", "a zip file such as torch.save writes; export the network with torch.onnx"),
    "old pth": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a pickled PyTorch file"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS; run git lfs pull"),
    "text": (b"hello, I am a network\n", "hold no complete graph"),
    "page": (b"<!DOCTYPE html>", "a web page or XML; download the file itself"),
}


@pytest.mark.parametrize(("content", "message"), OTHERS.values(), ids=OTHERS)
def test_another_kind_of_file_gets_one_clear_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(GraphRefused, match=message) as raised:
        read(path, tmp_path / "scratch")
    assert "\n" not in str(raised.value)


def test_damaged_graphs_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    draw = np.random.default_rng(11)
    whole = [case.made.model().SerializeToString() for case in SERVED.values()]
    path = tmp_path / "model.onnx"
    lines: list[str] = []
    for _ in range(100):
        content = bytearray(whole[draw.integers(len(whole))])
        for place in draw.integers(len(content), size=draw.integers(1, 5)):
            content[place] = draw.integers(256)
        path.write_bytes(content)
        try:
            read(path, tmp_path / "scratch")
        except GraphRefused as error:
            lines.append(str(error))
    assert 20 < len(lines) < 100
    assert not any("\n" in line for line in lines)


def test_a_path_that_is_no_file_gets_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(GraphRefused, match="No such file or directory; check the path"):
        read(tmp_path / "model.onnx", tmp_path / "scratch")
    with pytest.raises(GraphRefused, match="Is a directory; check the path"):
        read(tmp_path, tmp_path / "scratch")

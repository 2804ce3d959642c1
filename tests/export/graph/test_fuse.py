"""Pixels fused around foreign networks: the fused graph gives what numpy around the untouched one gives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from export.graph.networks import CLASSES, SIDE, WIDTH, Made, floats
from numpy.typing import NDArray
from onnx import TensorProto, helper

from sightline_backend.pixels import PixelSpec
from sightline_export.errors import GraphRefused
from sightline_export.graph.contract import refuse_unservable
from sightline_export.graph.foreign import OnnxNetwork, read
from sightline_export.graph.fuse import fuse
from sightline_export.graph.numeric import Finish
from sightline_export.graph.reference import reference
from sightline_export.graph.stages import RAW_KEY, SCALED_KEY, run_stages
from sightline_export.normalisation import IMAGENET, ZERO_TO_ONE, Normalisation
from sightline_export.runtimes import onnx_runtime
from sightline_export.signature import Signature, TensorSpec

CAFFE = Normalisation(scale=1, mean=(103.94, 116.78, 123.68), channel_order="bgr")
AS_THEY_ARE = Normalisation(scale=1)
SPEC = PixelSpec(SIDE, SIDE)
POOLED = floats("pooled", "n", WIDTH, 1, 1)


@dataclass(frozen=True)
class Fused:
    made: Made
    normalisation: Normalisation = IMAGENET
    finish: Finish = "softmax"
    spec: PixelSpec = SPEC
    tolerance: float = 1e-5
    length: int = CLASSES


FUSED = {
    "nchw": Fused(Made()),
    "nhwc": Fused(Made(nhwc=True)),
    "bgr, nchw": Fused(Made(), CAFFE, "unit_length"),
    "bgr, nhwc": Fused(Made(nhwc=True), CAFFE, "unit_length"),
    "levels as they are": Fused(Made(), AS_THEY_ARE, "none", tolerance=1e-3),
    "grey": Fused(Made(channels=1), ZERO_TO_ONE, spec=PixelSpec(SIDE, SIDE, mode="gray")),
    "float16": Fused(Made(datatype=TensorProto.FLOAT16), tolerance=5e-3),
    "float16 embedding": Fused(Made(datatype=TensorProto.FLOAT16), finish="unit_length", tolerance=1e-3),
    "float16, trailing axes of 1": Fused(
        Made(
            datatype=TensorProto.FLOAT16,
            outputs=[helper.make_tensor_value_info("pooled", TensorProto.FLOAT16, ["n", WIDTH, 1, 1])],
        ),
        finish="unit_length",
        tolerance=1e-3,
        length=WIDTH,
    ),
    "uint8": Fused(Made(datatype=TensorProto.UINT8, nhwc=True), AS_THEY_ARE),
    "uint8, bgr, nchw": Fused(Made(datatype=TensorProto.UINT8), CAFFE, "unit_length"),
    "trailing axes of 1": Fused(Made(outputs=[POOLED]), finish="unit_length", length=WIDTH),
    "already softmaxed": Fused(
        Made(
            tail=[helper.make_node("Softmax", ["logits"], ["scores"], axis=1)],
            outputs=[floats("scores", "n", CLASSES)],
        ),
        finish="none",
    ),
    "opset 9": Fused(Made(opset=9)),
    "opset 11": Fused(Made(opset=11)),
    "opset 13": Fused(Made(opset=13), finish="unit_length"),
    "opset 22": Fused(Made(opset=22, ir_version=10)),
    "IR 13": Fused(Made(ir_version=13)),
    "frozen at 1": Fused(Made(batch=1, flatten="whole")),
    "frozen at 4": Fused(Made(batch=4, flatten="open")),
    "frozen in fact, dynamic in name": Fused(Made(batch=1, flatten="whole", outputs=[floats("logits", "n", CLASSES)])),
    "any size": Fused(Made(height="h", width="w"), spec=PixelSpec(24, 8)),
    "its names are ours": Fused(
        Made(
            input_name="PIXELS",
            tail=[
                helper.make_node("Relu", ["logits"], ["SCORES"]),
                helper.make_node("Identity", ["SCORES"], ["sightline_stage_raw"]),
                helper.make_node("Identity", ["sightline_stage_raw"], ["end"]),
            ],
            outputs=[floats("end", "n", CLASSES)],
        )
    ),
    "weights among the inputs": Fused(Made(weights_as_inputs=True, ir_version=3, opset=8)),
    "one of two outputs": Fused(Made(outputs=[floats("features", "n", WIDTH, SIDE, SIDE), floats("logits", "n", 5)])),
}


@pytest.mark.parametrize("case", FUSED.values(), ids=FUSED)
def test_the_fused_graph_answers_as_numpy_around_the_untouched_one(case: Fused, tmp_path: Path) -> None:
    network = read(case.made.write(tmp_path), tmp_path / "scratch")
    path = tmp_path / "1" / "model.onnx"
    fuse(network, case.normalisation, case.spec, case.finish, "SCORES", path)

    refuse_unservable(onnx.load(path), signature(case))
    onnx.checker.check_model(path, full_check=True)
    candidate = onnx_runtime(path)
    wanted_of = reference(network, case.normalisation, case.spec, case.finish, "SCORES")
    for batch in (1, 2, 3, 7):
        pixels = levels(case.spec, batch)
        got, wanted = candidate({"PIXELS": pixels}), wanted_of({"PIXELS": pixels})
        assert list(got) == ["SCORES"]
        assert set(wanted) == {"SCORES", RAW_KEY}
        assert got["SCORES"].dtype == wanted["SCORES"].dtype == np.float32
        assert got["SCORES"].shape == (batch, case.length)
        np.testing.assert_allclose(got["SCORES"], wanted["SCORES"], rtol=1e-4, atol=case.tolerance)
        if case.finish == "softmax":
            np.testing.assert_allclose(got["SCORES"].sum(axis=1), 1, atol=1e-5)
        if case.finish == "unit_length":
            np.testing.assert_allclose(np.linalg.norm(got["SCORES"], axis=1), 1, atol=1e-5)


def signature(case: Fused) -> Signature:
    pixels = TensorSpec("PIXELS", "UINT8", case.spec.shape, nhwc=True)
    return Signature((pixels,), (TensorSpec("SCORES", "FP32", (case.length,)),))


def levels(spec: PixelSpec, count: int) -> NDArray[Any]:
    return np.random.default_rng(4).integers(0, 256, (count, *spec.shape), dtype=np.uint8)


def test_the_order_of_channels_and_every_constant_matter(tmp_path: Path) -> None:
    """Each of them moves the answer by far more than the tolerance of the test above."""
    network = read(Made().write(tmp_path), tmp_path / "scratch")
    pixels = {"PIXELS": levels(SPEC, 3)}
    base = Normalisation(mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    others = [
        Normalisation(mean=base.mean, std=base.std, channel_order="bgr"),
        Normalisation(mean=(0.3, 0.2, 0.1), std=base.std),
        Normalisation(mean=base.mean, std=(0.6, 0.5, 0.4)),
        Normalisation(scale=1 / 128, mean=base.mean, std=base.std),
    ]
    answers: list[NDArray[Any]] = []
    for normalisation in (base, *others):
        fuse(network, normalisation, SPEC, "none", "SCORES", tmp_path / "model.onnx")
        answers.append(onnx_runtime(tmp_path / "model.onnx")(pixels)["SCORES"])
    assert all(float(np.abs(answer - answers[0]).max()) > 1e-2 for answer in answers[1:])


@pytest.mark.parametrize(("output", "shape"), [("logits", (CLASSES,)), ("pooled", (WIDTH, 1, 1))])
def test_the_answer_of_a_float16_network_keeps_its_last_rounding(
    output: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    """ONNX Runtime computes in float32 and would leave it out; a logit of 8 is then wrong by 0.004."""
    declared = helper.make_tensor_value_info(output, TensorProto.FLOAT16, ["n", *shape])
    network = read(Made(datatype=TensorProto.FLOAT16, outputs=[declared]).write(tmp_path), tmp_path / "scratch")
    assert network.half
    path = tmp_path / "1" / "model.onnx"
    fuse(network, IMAGENET, SPEC, "softmax" if output == "logits" else "none", "SCORES", path)
    raw = run_stages(path, levels(SPEC, 8)).raw
    assert raw.shape == (8, *shape)
    np.testing.assert_array_equal(raw, raw.astype(np.float16))


def test_the_inner_values_are_named_and_are_no_outputs(tmp_path: Path) -> None:
    network = read(Made(nhwc=True).write(tmp_path), tmp_path / "scratch")
    path = tmp_path / "model.onnx"
    fuse(network, IMAGENET, SPEC, "softmax", "SCORES", path)
    model = onnx.load(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["sightline.source"] == "brought.onnx"
    types = {value.name: value.type.tensor_type for value in model.graph.value_info}
    scaled, raw = types[metadata[SCALED_KEY]], types[metadata[RAW_KEY]]
    assert [dim.dim_value or dim.dim_param for dim in scaled.shape.dim] == ["batch", SIDE, SIDE, 3]
    assert [dim.dim_value or dim.dim_param for dim in raw.shape.dim] == ["batch", CLASSES]
    assert [value.name for value in model.graph.output] == ["SCORES"]


def test_what_the_answer_does_not_need_is_left_out(tmp_path: Path) -> None:
    case = FUSED["trailing axes of 1"]
    network = read(case.made.write(tmp_path), tmp_path / "scratch")
    fuse(network, IMAGENET, SPEC, "none", "EMBEDDING", tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    assert "MatMul" not in [node.op_type for node in graph.node]
    assert "matrix" not in [tensor.name for tensor in graph.initializer]


@pytest.mark.parametrize("kept_apart", [False, True], ids=["inside", "beside"])
def test_weights_too_large_for_one_protobuf_go_beside_the_graph(kept_apart: bool, tmp_path: Path) -> None:
    path = tmp_path / "brought.onnx"
    wide = np.random.default_rng(3).standard_normal((CLASSES, 400)).astype(np.float32)
    made = Made(
        tail=[helper.make_node("MatMul", ["logits", "wide"], ["answer"])],
        constants={"wide": wide},
        outputs=[floats("answer", "n", 400)],
    )
    if kept_apart:
        onnx.save(made.model(), path, save_as_external_data=True, location="weights.bin", size_threshold=4000)
    else:
        onnx.save(made.model(), path)
    network = read(path, tmp_path / "scratch")
    served = tmp_path / "1" / "model.onnx"
    fuse(network, IMAGENET, SPEC, "softmax", "SCORES", served, max_protobuf_bytes=4000)

    beside = "weights.bin" if kept_apart else "model.onnx.data"
    assert sorted(file.name for file in served.parent.iterdir()) == sorted(["model.onnx", beside])
    assert served.stat().st_size < 4000
    pixels = {"PIXELS": levels(SPEC, 3)}
    wanted = reference(network, IMAGENET, SPEC, "softmax", "SCORES")(pixels)["SCORES"]
    np.testing.assert_allclose(onnx_runtime(served)(pixels)["SCORES"], wanted, atol=1e-6)


REFUSED: dict[str, tuple[Made, Normalisation, PixelSpec, Finish, str]] = {
    "size": (
        Made(),
        IMAGENET,
        PixelSpec(32, 24),
        "softmax",
        "pixels of 16x16, for which the graph was exported, got 32x24; give --size 16x16, or export",
    ),
    "grey pixels": (
        Made(),
        ZERO_TO_ONE,
        PixelSpec(SIDE, SIDE, mode="gray"),
        "softmax",
        r"pixels with 3 channels for 'x', got 1 \(gray\); decode to rgb",
    ),
    "grey network": (
        Made(channels=1),
        ZERO_TO_ONE,
        SPEC,
        "softmax",
        r"pixels with 1 channels for 'x', got 3 \(rgb\); decode to gray",
    ),
    "three means of a grey network": (
        Made(channels=1),
        IMAGENET,
        PixelSpec(SIDE, SIDE, mode="gray"),
        "softmax",
        r"1 or 1 values of mean for 'x', got \[0.485, 0.456, 0.406\]; give as many with --mean",
    ),
    "a map instead of a vector": (
        Made(outputs=[floats("features", "n", WIDTH, SIDE, SIDE)]),
        IMAGENET,
        SPEC,
        "softmax",
        r"one vector per picture from 'features', got the shape \[4, 16, 16\]; choose a task",
    ),
}


@pytest.mark.parametrize(("made", "normalisation", "spec", "finish", "message"), REFUSED.values(), ids=REFUSED)
def test_pixels_that_do_not_fit_are_refused_with_the_fix(
    made: Made, normalisation: Normalisation, spec: PixelSpec, finish: Finish, message: str, tmp_path: Path
) -> None:
    network = read(made.write(tmp_path), tmp_path / "scratch")
    with pytest.raises(GraphRefused, match=message):
        fuse(network, normalisation, spec, finish, "SCORES", tmp_path / "1" / "model.onnx")
    assert not (tmp_path / "1").exists()


def test_a_map_is_served_as_it_is(tmp_path: Path) -> None:
    network: OnnxNetwork = read(
        Made(outputs=[floats("features", "n", WIDTH, SIDE, SIDE)]).write(tmp_path), tmp_path / "scratch"
    )
    fuse(network, IMAGENET, SPEC, "none", "MAP", tmp_path / "model.onnx")
    pixels = {"PIXELS": levels(SPEC, 2)}
    got = onnx_runtime(tmp_path / "model.onnx")(pixels)["MAP"]
    assert got.shape == (2, WIDTH, SIDE, SIDE)
    np.testing.assert_allclose(got, reference(network, IMAGENET, SPEC, "none", "MAP")(pixels)["MAP"], atol=1e-4)


def test_the_reference_refuses_other_pixels(tmp_path: Path) -> None:
    network = read(Made().write(tmp_path), tmp_path / "scratch")
    ask = reference(network, IMAGENET, SPEC, "softmax", "SCORES")
    with pytest.raises(GraphRefused, match=r"uint8 of shape \[B, 16, 16, 3\], got float32 of shape \[1, 16, 16, 3\]"):
        ask({"PIXELS": np.zeros((1, SIDE, SIDE, 3), np.float32)})

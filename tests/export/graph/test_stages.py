"""A served graph cut into scaling, network and postprocessing: the pieces in a row give what the whole gives."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from export.graph.networks import SIDE, Made
from onnx import helper
from torch import Tensor, nn

from sightline_backend.pixels import PixelSpec
from sightline_export.errors import GraphRefused
from sightline_export.graph.foreign import read
from sightline_export.graph.fuse import fuse
from sightline_export.graph.stages import RAW_KEY, SCALED_KEY, Boundaries, boundaries, pieces, run_stages
from sightline_export.graph.trace import trace
from sightline_export.normalisation import IMAGENET
from sightline_export.signature import Signature, TensorSpec

PIXELS = np.random.default_rng(6).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)


def brought(folder: Path, made: Made) -> Path:
    path = folder / "1" / "model.onnx"
    network = read(made.write(folder), folder / "scratch")
    fuse(network, IMAGENET, PixelSpec(SIDE, SIDE), "softmax", "SCORES", path)
    return path


class Attention(nn.Module):
    """PyTorch's tracer makes this one ask the pixels for the batch size, far behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.head = nn.Linear(8, 5)

    def forward(self, pixels: Tensor) -> Tensor:
        x = IMAGENET(pixels.permute(0, 3, 1, 2).float())
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        x = (x @ x.transpose(1, 2)).softmax(-1) @ x
        return torch.softmax(self.head(x[:, 0]), 1)


def traced(folder: Path) -> Path:
    torch.manual_seed(1)
    signature = Signature((TensorSpec("PIXELS", "UINT8", (SIDE, SIDE, 3)),), (TensorSpec("SCORES", "FP32", (5,)),))
    path = folder / "model.onnx"
    trace(Attention(), (torch.from_numpy(PIXELS[:2]),), signature, path)
    model = onnx.load(path)
    del model.metadata_props[:]
    scaled = next(node for node in model.graph.node if node.op_type == "Conv").input[0]
    raw = [node for node in model.graph.node if node.op_type == "Softmax"][-1].input[0]
    for key, name in ((SCALED_KEY, scaled), (RAW_KEY, raw)):
        model.metadata_props.add(key=key, value=name)
    onnx.save(model, path)
    return path


@pytest.fixture(params=["nchw", "nhwc", "traced", "weights beside"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "traced":
        return traced(tmp_path)
    path = brought(tmp_path, Made(nhwc=request.param == "nhwc"))
    if request.param == "weights beside":
        onnx.save(onnx.load(path), path, save_as_external_data=True, location="weights.bin", size_threshold=64)
    return path


def test_the_stages_in_a_row_give_what_the_whole_graph_gives(path: Path) -> None:
    values, parts = run_stages(path, PIXELS), pieces(path)
    scaled = parts.scale(PIXELS)
    raw = parts.network(scaled)
    scores = parts.postprocess(raw)
    for got, wanted in ((scaled, values.scaled), (raw, values.raw), (scores, values.output)):
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, atol=1e-6)
    channels_first = IMAGENET(torch.from_numpy(PIXELS).permute(0, 3, 1, 2).float())
    prepared = channels_first if scaled.shape[1] == 3 else channels_first.permute(0, 2, 3, 1)
    np.testing.assert_allclose(scaled, prepared.numpy(), atol=1e-6)
    odds = np.exp(raw - raw.max(axis=1, keepdims=True))
    np.testing.assert_allclose(scores, odds / odds.sum(axis=1, keepdims=True), atol=1e-6)


def test_looking_inside_does_not_change_the_file(tmp_path: Path) -> None:
    path = brought(tmp_path, Made())
    before = path.read_bytes()
    run_stages(path, PIXELS)
    pieces(path)
    assert path.read_bytes() == before


def test_a_graph_without_stages_says_so(tmp_path: Path) -> None:
    path = Made().write(tmp_path)
    assert boundaries(onnx.load(path)) is None
    for look in (lambda: run_stages(path, PIXELS), lambda: pieces(path)):
        with pytest.raises(GraphRefused, match=r"whose metadata names its stages \(sightline\.stage\.scaled, .*again"):
            look()


def test_metadata_of_another_graph_is_refused(tmp_path: Path) -> None:
    model = onnx.load(brought(tmp_path, Made()))
    assert boundaries(model) == Boundaries("PIXELS", "sightline_stage_scaled", "sightline_stage_raw", "SCORES")
    next(entry for entry in model.metadata_props if entry.key == RAW_KEY).value = "logits_of_another"
    with pytest.raises(GraphRefused, match="expected the value 'logits_of_another' that the graph's metadata names"):
        boundaries(model)


def test_a_network_that_looks_at_the_pixels_again_cannot_be_cut(tmp_path: Path) -> None:
    path = brought(tmp_path, Made())
    model = onnx.load(path)
    graph = model.graph
    place = next(index for index, node in enumerate(graph.node) if node.op_type == "Relu")
    graph.node.insert(place, helper.make_node("Cast", ["PIXELS"], ["again"], to=1))
    graph.node.insert(place + 1, helper.make_node("ReduceMax", ["again"], ["top"], keepdims=0))
    graph.node.insert(place + 2, helper.make_node("Mul", ["features", "top"], ["lit"]))
    graph.node[place + 3].input[0] = "lit"
    onnx.save(model, path)
    assert run_stages(path, PIXELS).raw.shape == (3, 5)
    with pytest.raises(GraphRefused, match="'sightline_stage_scaled' alone, it also needs 'PIXELS'"):
        pieces(path)

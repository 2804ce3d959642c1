"""Graphs as functions: what a graph that fails, or none at all, is called."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sightline_export.errors import GraphRefused, RepositoryUnusable
from sightline_export.graph.stages import RAW_KEY, SCALED_KEY
from sightline_export.runtimes import onnx_raw_runtime, onnx_runtime

Opened = Callable[[Path], Any]


def frozen(path: Path) -> Path:
    """A graph that claims to take any batch and reshapes for two."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["PIXELS"], ["levels"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["levels", "shape"], ["SCORES"], name="rows"),
        ],
        "frozen",
        [helper.make_tensor_value_info("PIXELS", TensorProto.UINT8, ["batch", 4])],
        [helper.make_tensor_value_info("SCORES", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor("shape", TensorProto.INT64, [2], [2, 4])],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, {SCALED_KEY: "levels", RAW_KEY: "SCORES"})
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("opened", [onnx_runtime, onnx_raw_runtime])
def test_a_graph_that_fails_is_refused_in_one_line_and_nothing_else_is_said(
    opened: Opened, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = opened(frozen(tmp_path / "model.onnx"))
    assert next(iter(run({"PIXELS": np.zeros((2, 4), np.uint8)}).values())).shape == (2, 4)
    with pytest.raises(GraphRefused) as refused:
        run({"PIXELS": np.zeros((1, 4), np.uint8)})
    assert str(refused.value) == (
        "expected a graph that takes a batch of 1, got at Reshape in node 'rows': The input tensor cannot be reshaped "
        "to the requested shape. Input shape:{1,4}, requested shape:{2,4}; look for squeeze() without an axis and for "
        "fixed sizes in forward()"
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("opened", [onnx_runtime, onnx_raw_runtime])
@pytest.mark.parametrize(("content", "message"), [(None, "there is none"), (b"junk", "got: "), (b"", "got: ")])
def test_a_file_that_holds_no_graph_is_said_in_one_line(
    opened: Opened, content: bytes | None, message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RepositoryUnusable) as refused:
        opened(path)
    assert str(refused.value).startswith(f"expected an ONNX graph at {path}, {message}")
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")

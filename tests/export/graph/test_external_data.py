"""Graphs whose weights lie in files beside them."""

import re
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from export.graph.networks import CLASSES, SIDE, Made

from sightline_backend.pixels import PixelSpec
from sightline_export.errors import GraphRefused
from sightline_export.graph.foreign import read
from sightline_export.graph.fuse import fuse
from sightline_export.graph.onnx_file import external_tensors
from sightline_export.graph.reference import reference
from sightline_export.normalisation import ZERO_TO_ONE
from sightline_export.runtimes import onnx_runtime


def test_weights_beside_the_graph_stay_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "brought.onnx"
    model = Made(opset=22, ir_version=10, batch=1, flatten="whole").model()
    # one small weight is enough to be kept apart, shapes have to stay inside
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=64)
    network = read(path, tmp_path / "scratch")
    assert "opset 22 was converted to 21" in network.repairs
    assert (tmp_path / "scratch" / "weights.bin").read_bytes() == (tmp_path / "weights.bin").read_bytes()
    x = np.ones((3, 3, SIDE, SIDE), np.float32)
    assert onnx_runtime(network.path)({"x": x})["logits"].shape == (3, CLASSES)


def test_weights_in_folders_below_are_brought_flat_and_never_onto_each_other(tmp_path: Path) -> None:
    path = tmp_path / "brought.onnx"
    model = Made(opset=22, ir_version=10).model()
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=64)
    model = onnx.load(path, load_external_data=False)
    kept_apart = list(external_tensors(model))
    for folder, tensor in zip(("a", "b"), kept_apart, strict=True):
        (tmp_path / folder).mkdir()
        shutil.copy(tmp_path / "weights.bin", tmp_path / folder / "w.bin")
        next(entry for entry in tensor.external_data if entry.key == "location").value = f"{folder}/w.bin"
    (tmp_path / "weights.bin").unlink()
    onnx.save(model, path)
    network = read(path, tmp_path / "scratch")
    fuse(network, ZERO_TO_ONE, PixelSpec(SIDE, SIDE), "softmax", "SCORES", tmp_path / "1" / "model.onnx")
    assert sorted(file.name for file in (tmp_path / "1").iterdir()) == ["model.onnx", "more_w.bin", "w.bin"]
    pixels = np.random.default_rng(3).integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)
    wanted = reference(network, ZERO_TO_ONE, PixelSpec(SIDE, SIDE), "softmax", "SCORES")({"PIXELS": pixels})
    got = onnx_runtime(tmp_path / "1" / "model.onnx")({"PIXELS": pixels})
    np.testing.assert_allclose(got["SCORES"], wanted["SCORES"], atol=1e-6)


def test_links_of_a_cache_of_downloads_are_followed(tmp_path: Path) -> None:
    for folder in ("blobs", "snapshot"):
        (tmp_path / folder).mkdir()
    path = tmp_path / "snapshot" / "brought.onnx"
    onnx.save(Made().model(), path, save_as_external_data=True, location="brought.onnx_data", size_threshold=64)
    for file in (path, path.with_name("brought.onnx_data")):
        file.rename(tmp_path / "blobs" / file.suffix)
        file.symlink_to(tmp_path / "blobs" / file.suffix)
    network = read(path, tmp_path / "scratch")
    assert network.original.name == "brought.onnx"
    assert onnx_runtime(network.path)({"x": np.ones((3, 3, SIDE, SIDE), np.float32)})["logits"].shape == (3, CLASSES)
    assert path.is_symlink()


def test_missing_or_short_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "brought.onnx"
    onnx.save(Made().model(), path, save_as_external_data=True, location="weights.bin", size_threshold=64)
    weights = tmp_path / "weights.bin"
    content = weights.read_bytes()
    weights.write_bytes(content[:100])
    with pytest.raises(GraphRefused, match=r"in 'weights.bin' beside it, \d+ bytes at least, got 100 bytes; copy that"):
        read(path, tmp_path / "scratch")
    weights.unlink()
    with pytest.raises(GraphRefused, match=r"got no such file; copy that file too"):
        read(path, tmp_path / "scratch")


@pytest.mark.parametrize("location", ["../ghts.bin", "/eights.bin", "a/../ts.bin"])
def test_weights_outside_the_folder_are_refused(location: str, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    path = tmp_path / "inner" / "brought.onnx"
    onnx.save(Made().model(), path, save_as_external_data=True, location="weights.bin", size_threshold=64)
    shutil.move(tmp_path / "inner" / "weights.bin", tmp_path / "weights.bin")
    path.write_bytes(path.read_bytes().replace(b"weights.bin", location.encode()))
    with pytest.raises(GraphRefused, match=rf"in a file beside it, got '{re.escape(location)}'; save the graph with"):
        read(path, tmp_path / "scratch")

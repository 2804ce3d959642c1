"""Raw tensors through memory that client and server share, and what remains of it: nothing."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from serving import Serve, Service
from ways import WAYS, client_over

import sightline
from sightline import ModelInfo, TensorInfo
from sightline._deadline import Deadline
from sightline._flow import Flow, Pause, run
from sightline._requests import Reply
from sightline._shared_memory import SharedArea, expected_outputs, infer_through_shared_memory, packed_offsets

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # looked at, not written to
SIDE = 128
BATCH = np.random.default_rng(3).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)


def regions() -> set[str]:
    return {path.name for path in SHARED_MEMORY.glob(f"sightline_{os.getpid()}_*")}


def write_inverter(repository: Path) -> Path:
    """Writes `inverter`, an ONNX model: 255 minus each pixel of any number of rows, and the mean of each column."""
    pixels = helper.make_tensor_value_info("PIXELS", TensorProto.UINT8, ["batch", "rows", SIDE, 3])
    inverted = helper.make_tensor_value_info("INVERTED", TensorProto.UINT8, ["batch", "rows", SIDE, 3])
    mean = helper.make_tensor_value_info("MEAN", TensorProto.FLOAT, ["batch", SIDE, 3])
    nodes = [
        helper.make_node("Sub", ["white", "PIXELS"], ["INVERTED"]),
        helper.make_node("Cast", ["PIXELS"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["levels", "axes"], ["MEAN"], keepdims=0),
    ]
    constants = [
        helper.make_tensor("white", TensorProto.UINT8, [1], [255]),
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
    ]
    graph = helper.make_graph(nodes, "inverter", [pixels], [inverted, mean], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    version = repository / "inverter" / "1"
    version.mkdir(parents=True)
    onnx.save(model, version / "model.onnx")
    (repository / "inverter" / "config.pbtxt").write_text(
        f"""
backend: "onnxruntime"
max_batch_size: 8
input {{ name: "PIXELS" data_type: TYPE_UINT8 dims: [ -1, {SIDE}, 3 ] }}
output {{ name: "INVERTED" data_type: TYPE_UINT8 dims: [ -1, {SIDE}, 3 ] }}
output {{ name: "MEAN" data_type: TYPE_FP32 dims: [ {SIDE}, 3 ] }}
instance_group {{ kind: KIND_CPU count: 1 }}
"""
    )
    return repository


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inverter(tmp_path_factory.mktemp("inverter"))


@pytest.fixture
def sharing(serve: Serve, repository: Path) -> Service:
    return serve(repository, "--allow-shared-memory")


@pytest.fixture
def refusing(serve: Serve, repository: Path) -> Service:
    return serve(repository)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = regions()
    yield
    assert regions() == before


@pytest.mark.parametrize("way", WAYS)
def test_answers_through_shared_memory_are_those_of_the_wire(sharing: Service, way: str) -> None:
    inputs = {"PIXELS": BATCH}
    with client_over(way, sharing.http_url, sharing.grpc_url, timeout=30) as client:
        sent = client.infer("inverter", inputs)
        shared = client.infer("inverter", inputs, shared_memory=True)
        only = client.infer("inverter", inputs, outputs=["MEAN"], shared_memory=True)
    assert list(shared) == list(sent) == ["INVERTED", "MEAN"]
    np.testing.assert_array_equal(shared["INVERTED"], 255 - BATCH)
    np.testing.assert_allclose(shared["MEAN"], BATCH.mean(1), rtol=1e-5)
    np.testing.assert_array_equal(sent["MEAN"], shared["MEAN"])
    assert list(only) == ["MEAN"]
    assert not only["MEAN"].flags.writeable
    np.testing.assert_array_equal(only["MEAN"], sent["MEAN"])


@pytest.mark.parametrize("way", WAYS)
def test_an_array_that_is_not_contiguous_travels_too(sharing: Service, way: str) -> None:
    with client_over(way, sharing.http_url, sharing.grpc_url, timeout=30) as client:
        answer = client.infer("inverter", {"PIXELS": BATCH[::2, :, ::-1]}, shared_memory=True)["INVERTED"]
    np.testing.assert_array_equal(answer, 255 - BATCH[::2, :, ::-1])


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_refuses_is_named_with_what_to_do(refusing: Service, way: str) -> None:
    with client_over(way, refusing.http_url, refusing.grpc_url, timeout=30) as client:
        with pytest.raises(sightline.InvalidRequest, match=r"--allow-shared-memory`.*, or leave out shared_memory"):
            client.infer("inverter", {"PIXELS": BATCH}, shared_memory=True)
        np.testing.assert_array_equal(client.infer("inverter", {"PIXELS": BATCH})["INVERTED"], 255 - BATCH)


@pytest.mark.parametrize("way", WAYS)
def test_the_server_forgets_the_memory_after_each_call_and_after_a_failed_one(sharing: Service, way: str) -> None:
    with client_over(way, sharing.http_url, sharing.grpc_url, timeout=30) as client:
        for _ in range(20):
            client.infer("inverter", {"PIXELS": BATCH}, shared_memory=True)
        with pytest.raises(sightline.InvalidRequest, match="add the batch axis"):
            client.infer("inverter", {"PIXELS": BATCH[0]}, shared_memory=True)
    maps = Path(f"/proc/{sharing.pid}/maps").read_text()
    assert "sightline_" not in maps.replace("triton_sightline_", "")


def test_a_segment_is_gone_after_its_block_also_when_the_block_fails() -> None:
    areas: list[SharedArea] = []

    def fail() -> None:
        with SharedArea(100) as area:
            areas.append(area)
            assert area.name in regions()
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert areas[0].name not in regions()


def test_more_memory_than_there_is_is_refused_before_anything_is_written() -> None:
    too_much = shutil.disk_usage(SHARED_MEMORY).total + (1 << 20)
    with pytest.raises(OSError, match="No space left"):
        SharedArea(too_much)


def test_an_output_of_another_shape_than_announced_is_not_read_as_one() -> None:
    info = ModelInfo(
        "m", None, 1, (), (TensorInfo("X", "FP32", (-1, 4)),), (TensorInfo("Y", "FP32", (-1, 10)),), max_batch_size=8
    )

    def repeat(_request: object, _deadline: Deadline) -> Flow[Reply]:
        yield Pause(0)
        return Reply(1, {}, {"Y": (1, 7)})

    flow = infer_through_shared_memory(info, {"X": np.zeros((1, 4), np.float32)}, None, repeat, Deadline(5))
    with pytest.raises(sightline.InferenceFailed, match=r"to have shape \[1, 10\].* got \[1, 7\]"):
        run(flow, Agreeing())


class Agreeing:
    """A server that agrees with everything."""

    def send(self, request: object, deadline: Deadline) -> Any:
        return None

    def close(self) -> None:
        pass


def test_blocks_are_aligned_and_do_not_overlap() -> None:
    assert packed_offsets([]) == [0]
    assert packed_offsets([1, 64, 65, 0]) == [0, 64, 128, 256, 256]


def test_only_outputs_of_a_known_size_are_expected_in_the_memory() -> None:
    outputs = (
        TensorInfo("FIXED", "FP16", (-1, 3)),
        TensorInfo("FREE", "FP32", (-1, -1)),
        TensorInfo("TEXT", "BYTES", (-1, 1)),
    )
    info = ModelInfo("m", None, 1, (), (), outputs, max_batch_size=8)
    names = ["FIXED", "FREE", "TEXT"]
    assert expected_outputs(info, names, (5, 2)) == {"FIXED": ("FP16", (5, 3), 30)}
    assert expected_outputs(info, ["FREE"], (5, 2)) == {}

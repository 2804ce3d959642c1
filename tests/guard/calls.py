"""The calls whose work is guarded, each made ready to be repeated."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import PIL.Image
from numpy.typing import NDArray
from onnx import TensorProto

from sightline import Client
from sightline._requests import Infer
from sightline._tensors import bytes_tensor
from sightline._transports import grpc_wire
from sightline_backend.onnx_runtime.batching import Work, run_all
from sightline_backend.onnx_runtime.providers import CPU
from sightline_backend.onnx_runtime.session import graph_of, open_session, runner
from sightline_backend.onnx_runtime.settings import SessionSettings
from sightline_backend.onnx_runtime.signature import Signature
from sightline_backend.pipeline_files import open_pipeline
from sightline_backend.steps import files_array, step_runtime

from ..python_backend.triton_models import BATCH, graph, node
from .answering import CLASSES, answering

Call = Callable[[], object]

REQUESTS = 8
SIDE = 64
PARAMETERS = {"width": str(SIDE), "height": str(SIDE)}
STEPS = [
    {
        "model": "pixels",
        "backend": "image_decode",
        "parameters": PARAMETERS,
        "inputs": {"IMAGE": "IMAGE"},
        "outputs": {"PIXELS": "pixels"},
    },
    {
        "model": "network",
        "backend": "onnxruntime",
        "parameters": {},
        "inputs": {"PIXELS": "pixels"},
        "outputs": {"LEVELS": "LEVELS"},
    },
]


def pixels() -> NDArray[np.uint8]:
    """A picture (480, 640, 3) that is the same everywhere."""
    y, x = np.mgrid[:480, :640]
    return np.stack([x * 255 // 640, y * 255 // 480, (x // 40 + y // 40) % 2 * 200], 2).astype(np.uint8)


def jpeg() -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels()).save(file, "JPEG", quality=90)
    return file.getvalue()


def decode(_: Path) -> Call:
    """The step of `image_decode`: a JPEG of 640 x 480 pixels to 64 x 64."""
    step, inputs = step_runtime("image_decode", PARAMETERS), {"IMAGE": files_array([jpeg()])}
    return lambda: step(inputs)


def drop_in(folder: Path) -> Call:
    """What the backend `onnxruntime` does with eight requests of pixels."""
    session = open_session(write_network(folder), SessionSettings.from_config({}), [CPU])
    run = runner(session, SessionSettings.from_config({}))
    tensors = {"max_batch_size": 32, "input": [{"name": "PIXELS"}], "output": [{"name": "LEVELS", "dims": [1, 1, 3]}]}
    signature = Signature.of(tensors, graph_of(session))
    image = np.zeros((1, SIDE, SIDE, 3), np.uint8)

    def call() -> None:
        works = [Work({"PIXELS": signature.to_graph("PIXELS", image)}, ("LEVELS",)) for _ in range(REQUESTS)]
        for result in run_all(works, run, batching=True):
            assert isinstance(result, dict)
            signature.from_graph("LEVELS", result["LEVELS"])

    return call


def pipeline(folder: Path) -> Call:
    """The backend `image_pipeline` with one thread: eight requests of a JPEG each, to the answers of the network."""
    write_network(folder / "network" / "1")
    parameters = {"steps": {"string_value": json.dumps(STEPS)}, "thread_count": {"string_value": "1"}}
    opened = open_pipeline({"parameters": parameters}, folder / "model", 1)
    requests = [{"IMAGE": files_array([jpeg()])}] * REQUESTS
    return lambda: opened.answer(requests)


def client_file(folder: Path) -> Call:
    """`Client.classify` of a JPEG file over HTTP: the best of 1000 classes."""
    path = folder / "picture.jpg"
    path.write_bytes(jpeg())
    client = Client(answering())
    return lambda: client.classify(path)


def client_array(_: Path) -> Call:
    """The same of an array of 640 x 480 pixels."""
    array, client = pixels(), Client(answering())
    return lambda: client.classify(array)


def client_grpc(_: Path) -> Call:
    """What the client makes of a picture and an answer for gRPC, whose channel works in threads of its own."""
    request = Infer("cnn", {"IMAGE": bytes_tensor(jpeg())}, ("SCORES",))
    reply = grpc_wire.pb.ModelInferResponse(model_version="1", raw_output_contents=[bytes(4 * CLASSES)])
    reply.outputs.add(name="SCORES", datatype="FP32", shape=[1, CLASSES])
    return lambda: (grpc_wire.encode(request), grpc_wire.decode(request, reply, "grpc://localhost:8001"))


CALLS: Mapping[str, Callable[[Path], Call]] = {
    call.__name__: call for call in (decode, drop_in, pipeline, client_file, client_array, client_grpc)
}


def write_network(folder: Path) -> Path:
    """LEVELS FP32 (B, 1, 1, 3): the mean of each colour of PIXELS UINT8 (B, 64, 64, 3)."""
    nodes = [
        node("Cast", ["PIXELS"], "x", to=TensorProto.FLOAT),
        node("ReduceMean", ["x", "AXES"], "LEVELS", keepdims=1),
    ]
    takes: Any = {"PIXELS": (TensorProto.UINT8, (BATCH, SIDE, SIDE, 3))}
    gives: Any = {"LEVELS": (TensorProto.FLOAT, (BATCH, 1, 1, 3))}
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(graph(nodes, takes, gives, {"AXES": np.array([1, 2])}), folder / "model.onnx")
    return folder / "model.onnx"

"""PyTriton with dynamic batching, asked over Triton's HTTP interface."""

from __future__ import annotations

import sysconfig

import numpy as np
from benchmarks.serving.answer import Ranked
from benchmarks.serving.http_wire import Answer
from benchmarks.serving.scenario import Scenario, Served
from benchmarks.serving.system import PROGRAMS, Environment, Launch, System, free_port
from benchmarks.serving.triton_wire import bytes_element, elements, infer, tensors

PROGRAM = PROGRAMS / "pytriton_batched.py"


def command(launch: Launch) -> list[str]:
    variables = {
        "BENCHMARK_GRPC_PORT": free_port(),
        "BENCHMARK_METRICS_PORT": free_port(),
        # as its documentation has it: its processes must find the library of the very Python that made the environment
        "LD_LIBRARY_PATH": sysconfig.get_config_var("LIBDIR"),
    }
    return ["env", *(f"{name}={value}" for name, value in variables.items()), str(launch.python), str(PROGRAM)]


def frame(_scenario: Scenario, _model: Served, payload: bytes) -> bytes:
    return infer("classifier", "IMAGE", "BYTES", [1, 1], bytes_element(payload), {"LABELS": {}, "SCORES": {}})


def read(answer: Answer, _model: Served) -> Ranked:
    found = tensors(answer)
    scores = np.frombuffer(found["SCORES"], "<f4").tolist()
    return tuple((label.decode(), score) for label, score in zip(elements(found["LABELS"]), scores, strict=True))


PYTRITON = System(
    key="pytriton",
    name="PyTriton, batched",
    settings="2 instances, dynamic batching <= 8",
    command=command,
    environment=Environment("pytriton", ("nvidia-pytriton~=0.7.0",), ("nvidia-pytriton",)),
    frame=frame,
    read=read,
)

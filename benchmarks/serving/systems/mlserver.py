"""MLServer with adaptive batching. Over HTTP it takes JSON only, so pictures travel in base64."""

from __future__ import annotations

import base64
import json

from benchmarks.serving.answer import Ranked
from benchmarks.serving.http_wire import Answer, post
from benchmarks.serving.scenario import Scenario, Served
from benchmarks.serving.system import BATCH, WAIT_MS, Environment, Launch, System, free_port

# its workers end at once with uvloop 0.22 and later, which makes no event loop by itself
REQUIREMENTS = ("mlserver~=1.7.1", "uvloop<0.22")


def command(launch: Launch) -> list[str]:
    server = {
        "host": "127.0.0.1",
        "http_port": launch.port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 2,
        "debug": False,
    }
    model = {
        "name": "classifier",
        "implementation": "mlserver_batched.Runtime",
        "max_batch_size": BATCH,
        "max_batch_time": WAIT_MS / 1000,
    }
    (launch.folder / "settings.json").write_text(json.dumps(server))
    (launch.folder / "model-settings.json").write_text(json.dumps(model))
    return [str(launch.python.with_name("mlserver")), "start", str(launch.folder)]


def frame(_scenario: Scenario, _model: Served, payload: bytes) -> bytes:
    picture = {
        "name": "IMAGE",
        "datatype": "BYTES",
        "shape": [1, 1],
        "parameters": {"content_type": "base64"},
        "data": [base64.b64encode(payload).decode()],
    }
    body = json.dumps({"inputs": [picture]}).encode()
    return post("/v2/models/classifier/infer", body, {"Content-Type": "application/json"})


def read(answer: Answer, _model: Served) -> Ranked:
    outputs = {output["name"]: output["data"] for output in json.loads(answer.body)["outputs"]}
    return tuple((str(label), float(score)) for label, score in zip(outputs["LABELS"], outputs["SCORES"], strict=True))


MLSERVER = System(
    key="mlserver",
    name="MLServer, batched",
    settings="2 parallel workers, adaptive batching <= 8 within 2 ms",
    command=command,
    environment=Environment("mlserver", REQUIREMENTS, ("mlserver", "fastapi", "uvicorn", "uvloop")),
    frame=frame,
    read=read,
)

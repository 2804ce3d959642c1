"""BentoML with adaptive batching. Its batchable endpoints take lists; of base64 they are faster than of files."""

from __future__ import annotations

import base64
import json

from benchmarks.serving.answer import Ranked
from benchmarks.serving.http_wire import Answer, post
from benchmarks.serving.scenario import Scenario, Served
from benchmarks.serving.system import Environment, Launch, System


def command(launch: Launch) -> list[str]:
    address = ("--host", "127.0.0.1", "--port", str(launch.port))
    return [str(launch.python), "-m", "bentoml", "serve", "bentoml_batched:Service", *address]


def frame(_scenario: Scenario, _model: Served, payload: bytes) -> bytes:
    body = json.dumps({"pictures": [base64.b64encode(payload).decode()]}).encode()
    return post("/predict", body, {"Content-Type": "application/json"})


def read(answer: Answer, _model: Served) -> Ranked:
    (ranking,) = json.loads(answer.body)
    return tuple((str(each["label"]), float(each["score"])) for each in ranking)


BENTOML = System(
    key="bentoml",
    name="BentoML, batched",
    settings="2 workers, adaptive batching <= 8",
    command=command,
    environment=Environment("bentoml", ("bentoml~=1.4.40",), ("bentoml", "uvicorn")),
    variables={"BENTOML_DO_NOT_TRACK": "True"},
    frame=frame,
    read=read,
)

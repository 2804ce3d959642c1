"""A model that takes its time to load, and the key of the server that loads it."""

import urllib.request
from pathlib import Path

from serving import Service

LOAD_S = 3

_MODEL = f'''
import time

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Answers with a third for each of three classes, once it is there."""

    def initialize(self, args):
        time.sleep({LOAD_S})

    def execute(self, requests):
        scores = np.full((1, 3), 1 / 3, np.float32)
        return [pb_utils.InferenceResponse([pb_utils.Tensor("SCORES", scores)]) for _ in requests]
'''

_CONFIG = """
backend: "python"
max_batch_size: 1
input { name: "IMAGE" data_type: TYPE_STRING dims: 1 }
output { name: "SCORES" data_type: TYPE_FP32 dims: 3 }
instance_group { kind: KIND_CPU count: 1 }
parameters { key: "task" value { string_value: "image-classification" } }
"""


def write_slow_repository(repository: Path) -> Path:
    """Writes the model `slow`, which is `LOAD_S` seconds in loading."""
    version = repository / "slow" / "1"
    version.mkdir(parents=True)
    (version / "model.py").write_text(_MODEL)
    (repository / "slow" / "config.pbtxt").write_text(_CONFIG)
    return repository


def control(service: Service, model: str, action: str) -> None:
    """`load`s or `unload`s a model, as the supervisor does it: with the key that only it has."""
    command = Path(f"/proc/{service.pid}/cmdline").read_text().split("\0")
    _, _, key = next(each for each in command if each.startswith("--http-restricted-api")).rpartition("=")
    request = urllib.request.Request(
        f"{service.http_url}/v2/repository/models/{model}/{action}",
        data=b"{}",
        headers={"sightline-control": key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        assert response.status == 200

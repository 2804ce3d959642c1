"""A real tritonserver with a backend that asks another model while it answers."""

import io
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc as triton
from PIL import Image
from serving import Service

from sightline_server.stubs import find_stubs

BOUND_S = 30.0
PIXELS = np.arange(40 * 50 * 3, dtype=np.uint32).astype(np.uint8).reshape(40, 50, 3)


def copied(service: Service) -> np.ndarray[Any, Any]:
    """The picture that `copy` answers PIXELS with."""
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    client: Any = triton.InferenceServerClient(service.grpc_url.removeprefix("grpc://"))
    try:
        tensor: Any = triton.InferInput("IMAGE", [1, 1], "BYTES")
        tensor.set_data_from_numpy(np.array([[file.getvalue()]], dtype=np.object_))
        answer = client.infer("copy", [tensor], client_timeout=5).as_numpy("RESULT")
    finally:
        client.close()
    return np.asarray(Image.open(io.BytesIO(answer.item())))


def test_an_asked_model_is_served_and_replaced_with_the_one_that_asks(
    asking_repository: Path, start: Callable[..., Service]
) -> None:
    service = start(asking_repository, "--models", "copy")
    ready = json.loads((service.directory / "ready.json").read_text())
    assert ready["models"] == ["copy", "same_network", "same_tiles"]
    assert [line.split()[0] for line in service.stdout.splitlines()] == ["MODEL", "copy"]
    assert np.array_equal(copied(service), PIXELS)

    killed = next(pid for pid, instance in find_stubs(service.pid).items() if instance == "same_network_0_0")
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + BOUND_S
    answer = None
    while answer is None:
        try:
            answer = copied(service)
        except triton.InferenceServerException:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert np.array_equal(answer, PIXELS)
    assert killed not in find_stubs(service.pid)


def test_without_the_asked_model_nothing_is_started(asking_repository: Path, start: Callable[..., Service]) -> None:
    (asking_repository / "same_network" / "1" / "model.py").unlink()
    (asking_repository / "same_network" / "1").rmdir()
    with pytest.raises(RuntimeError, match="copy needs same_network, which has no version folder yet"):
        start(asking_repository, "--models", "copy")

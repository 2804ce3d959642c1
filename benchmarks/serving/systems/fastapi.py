"""FastAPI and uvicorn in three arrangements: what most people write, a worker for each core, micro-batching by hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmarks.serving.system import Environment, Launch, System

FASTAPI = Environment(
    "fastapi", ("fastapi[standard]~=0.165.0", "uvicorn[standard]~=0.54.0"), ("fastapi", "uvicorn", "uvloop")
)


def command(launch: Launch, app: str, options: Sequence[str] = ()) -> list[str]:
    address = ("--host", "127.0.0.1", "--port", str(launch.port))
    return [str(launch.python), "-m", "uvicorn", app, *address, "--no-access-log", "--log-level", "warning", *options]


PLAIN = System(
    key="fastapi",
    name="FastAPI, what most people write",
    settings="1 worker of uvicorn, a thread for each call, ONNX Runtime on all cores",
    command=partial(command, app="fastapi_plain:app"),
    environment=FASTAPI,
    variables={"BENCHMARK_THREADS": "0"},
)
WORKERS = System(
    key="fastapi-workers",
    name="FastAPI, 2 workers",
    settings="2 workers of uvicorn, 1 thread of ONNX Runtime in each",
    command=partial(command, app="fastapi_plain:app", options=("--workers", "2")),
    environment=FASTAPI,
    variables={"BENCHMARK_THREADS": "1"},
)
BATCHED = System(
    key="fastapi-batched",
    name="FastAPI, micro-batching by hand",
    settings="1 worker of uvicorn, 2 threads that take what waits, batch <= 8",
    command=partial(command, app="fastapi_batched:app"),
    environment=FASTAPI,
)

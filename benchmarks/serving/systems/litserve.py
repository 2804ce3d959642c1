"""LitServe with batching; it takes the bytes of the picture through FastAPI's `Body`."""

from __future__ import annotations

from benchmarks.serving.system import PROGRAMS, Environment, Launch, System

PROGRAM = PROGRAMS / "litserve_batched.py"


def command(launch: Launch) -> list[str]:
    return [str(launch.python), str(PROGRAM)]


LITSERVE = System(
    key="litserve",
    name="LitServe, batched",
    settings="2 workers, batch <= 8 within 2 ms, its fast queue",
    command=command,
    environment=Environment("litserve", ("litserve~=0.2.19", "pyzmq"), ("litserve", "fastapi", "uvicorn")),
)

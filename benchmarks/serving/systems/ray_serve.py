"""Ray Serve with its decorator for batches."""

from __future__ import annotations

from benchmarks.serving.system import PROGRAMS, Environment, Launch, System

PROGRAM = PROGRAMS / "ray_serve_batched.py"


def command(launch: Launch) -> list[str]:
    return [str(launch.python), str(PROGRAM)]


RAY_SERVE = System(
    key="ray-serve",
    name="Ray Serve, batched",
    settings="2 replicas, `@serve.batch` <= 8 within 2 ms",
    command=command,
    environment=Environment("ray-serve", ("ray[serve]~=2.60.0",), ("ray", "uvicorn")),
    variables={"RAY_USAGE_STATS_ENABLED": "0"},
)

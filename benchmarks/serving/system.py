"""How a system under test is described. `systems/` holds one file for each; `programs/` what runs inside it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving.answer import Ranked
from benchmarks.serving.http_wire import Answer, post
from benchmarks.serving.scenario import Asks, Scenario, Served

PROGRAMS = Path(__file__).parent / "programs"
BATCH = 8
"""The most pictures that any system puts into one batch, where it lets us say so."""
WAIT_MS = 2
"""How long a batch may wait for more pictures, where a system wants to be told."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment of a system's own.

    requirements: what pip installs, beside the decoder and ONNX Runtime that all have.
    distributions: whose versions the report names.
    """

    name: str
    requirements: tuple[str, ...]
    distributions: tuple[str, ...]


@dataclass(frozen=True)
class Launch:
    """What a system is started with.

    port: of HTTP, free a moment ago. folder: its own, empty. python: the interpreter of its environment.
    """

    port: int
    folder: Path
    python: Path
    scenario: Scenario
    model: Served

    @property
    def ready_file(self) -> Path:
        """Where systems that can say that they are ready say so."""
        return self.folder / "ready.json"


def json_post(_scenario: Scenario, _model: Served, payload: bytes) -> bytes:
    """The bytes of the picture as they are, to `/predict`."""
    return post("/predict", payload, {"Content-Type": "image/jpeg"})


def json_ranked(answer: Answer, _model: Served) -> Ranked:
    """`[{"label": ..., "score": ...}, ...]`, best first."""
    return tuple((str(each["label"]), float(each["score"])) for each in json.loads(answer.body))


@dataclass(frozen=True)
class System:
    """One row of the report.

    key: how options and results call it. settings: how it is set up, in words.
    command: writes its configuration into the folder of the launch, and returns the command line.
    environment: None: that of this checkout.
    variables: set for the command.
    frame: the bytes of the request that asks about a payload. read: the answer to it.
    asks: what it can be asked.
    lacking: what the machine lacks for it, as a sentence; None where nothing is missing.
    says_ready: it writes `Launch.ready_file`.
    """

    key: str
    name: str
    settings: str
    command: Callable[[Launch], Sequence[str]]
    environment: Environment | None
    variables: Mapping[str, str] = field(default_factory=lambda: dict[str, str]())
    frame: Callable[[Scenario, Served, bytes], bytes] = json_post
    read: Callable[[Answer, Served], Ranked] = json_ranked
    asks: frozenset[Asks] = frozenset({"picture"})
    lacking: Callable[[], str | None] = lambda: None
    says_ready: bool = False

    def variables_of(self, launch: Launch) -> dict[str, str]:
        """The environment variables of the command."""
        inherited = {
            name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        }
        own = {} if self.environment is None else program_variables(launch)
        return {**inherited, **own, **self.variables}


def program_variables(launch: Launch) -> dict[str, str]:
    """What `programs/classifier.py` and its users read."""
    return {
        "PATH": os.pathsep.join((str(launch.python.parent), os.environ.get("PATH", ""))),
        "PYTHONPATH": str(PROGRAMS),
        "PYTHONUNBUFFERED": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "BENCHMARK_PORT": str(launch.port),
        "BENCHMARK_NETWORK": str(launch.model.network.resolve()),
        "BENCHMARK_PIXELS": json.dumps(launch.model.pixels.parameters()),
        "BENCHMARK_LABELS": json.dumps(launch.model.labels),
        "BENCHMARK_BATCH": str(BATCH),
        "BENCHMARK_WAIT_MS": str(WAIT_MS),
    }


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

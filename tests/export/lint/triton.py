"""One tritonserver that loads all that it can of a repository and goes on without the rest."""

import json
import os
import re
import secrets
import time
import urllib.request
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sightline_server.backend_directory import assemble_backend_directory
from sightline_server.command_line import Ports, tritonserver_environment
from sightline_server.machine import start_stub_somehow
from sightline_server.ports import with_free_ports
from sightline_server.process import TritonProcess
from sightline_server.runtime import Runtime, find_runtime
from sightline_server.shared_memory import SHARED_MEMORY, region_prefix, remove_unused_regions
from sightline_server.triton_log import models_still_loading

STALL_S = 20
"""A server that wrote nothing for so long and is not ready hangs: a Python process that can't start does that."""
LOADERS = 6
NEVER_TRIED = "Triton gives no reason"
# models that a server refuses before it loads them have no reason in the index, only lines in the log
_LOGGED = (
    re.compile(r"Poll failed for model directory '(?P<model>[^']*)': (?P<reason>.*?)\"?$", re.MULTILINE),
    re.compile(r'"(?P<reason>Invalid argument: (?:in )?ensemble \'?(?P<model>[^\s\',]+).*?)"?$', re.MULTILINE),
    re.compile(r'"(?P<reason>Invalid argument: circular dependency .* (?P<model>\S+?))"?$', re.MULTILINE),
)


class ServerEnded(Exception):
    """tritonserver ended or hung because of a model; loading: those that it was busy with."""

    def __init__(self, message: str, loading: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.loading = frozenset(loading)


@dataclass(frozen=True)
class Triton:
    process: TritonProcess
    http: str
    grpc: str
    reasons: dict[str, str] = field(default_factory=dict[str, str])
    """Why a model is not there; of those that are ready, the empty text."""

    @property
    def is_alive(self) -> bool:
        try:
            self.get("v2/health/live")
        except OSError:
            return False
        return True

    @property
    def ended(self) -> bool:
        return self.process.exit_status is not None

    def how_it_ended(self) -> str:
        return f"tritonserver ended with {self.process.describe_exit()}"

    def get(self, path: str, body: bytes | None = None) -> Any:
        """Raises OSError while it does not answer."""
        request = urllib.request.Request(f"http://{self.http}/{path}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            content = response.read()
        return json.loads(content) if content else None


@lru_cache
def _runtime() -> Runtime:
    return find_runtime()


@contextmanager
def run_triton(repository: Path, directory: Path) -> Generator[Triton]:
    """Start tritonserver on a repository and wait until it has tried all models.

    Raises:
        ServerEnded: It ended or hung.
    """
    runtime = _runtime()
    _, libraries = start_stub_somehow(runtime, directory / "lib")
    ports = with_free_ports("127.0.0.1", Ports(0, 0, 0))
    prefix = region_prefix(secrets.token_hex(6))
    command = [
        str(runtime.tritonserver),
        f"--model-repository={repository}",
        f"--backend-directory={assemble_backend_directory(runtime, directory / 'backends')}",
        "--exit-on-error=false",
        "--strict-readiness=false",
        f"--model-load-thread-count={LOADERS}",
        "--allow-metrics=false",
        "--http-address=127.0.0.1",
        "--grpc-address=127.0.0.1",
        f"--http-port={ports.http}",
        f"--grpc-port={ports.grpc}",
        f"--backend-config=python,shm-region-prefix-name={prefix}",
    ]
    python = runtime.python.executable if runtime.python else None
    environment = tritonserver_environment(os.environ, python, [libraries] if libraries else [])
    process = TritonProcess(command, environment, directory / "tritonserver.log")
    triton = Triton(process, f"127.0.0.1:{ports.http}", f"127.0.0.1:{ports.grpc}")
    try:
        _wait(triton)
        triton.reasons.update(_reasons(triton))
        yield triton
    finally:
        process.kill_group()
        _remove_regions(prefix)


def _remove_regions(prefix: str) -> None:
    """Its Python processes were killed with it, but it takes them a moment to be gone."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(SHARED_MEMORY.glob(f"{prefix}*")):
        remove_unused_regions(prefix)
        time.sleep(0.05)


def _wait(triton: Triton) -> None:
    size, changed = -1, time.monotonic()
    while True:
        if triton.ended:
            raise ServerEnded(triton.how_it_ended(), models_still_loading(triton.process.log_text()))
        if triton.process.log_size != size:
            size, changed = triton.process.log_size, time.monotonic()
        if time.monotonic() - changed > STALL_S:
            raise ServerEnded("tritonserver hangs", models_still_loading(triton.process.log_text()))
        if triton.is_alive:
            return
        time.sleep(0.1)


def _reasons(triton: Triton) -> dict[str, str]:
    """A model is there if all its versions are."""
    log = triton.process.log_text()
    logged = {match["model"]: match["reason"] for pattern in _LOGGED for match in pattern.finditer(log)}
    reasons: dict[str, str] = {}
    for entry in triton.get("v2/repository/index", b"{}"):
        name = str(entry["name"])
        if entry.get("state") == "READY":
            reasons.setdefault(name, "")
        elif not reasons.get(name):
            reasons[name] = str(entry.get("reason", "")) or logged.get(name, NEVER_TRIED)
    return logged | reasons

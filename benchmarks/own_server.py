"""A `sightline serve` for the length of a benchmark, on free ports."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02


@dataclass(frozen=True)
class Serving:
    """pid: of the supervisor. ready_s: from its start until every golden answer was right."""

    pid: int
    http_url: str
    grpc_url: str
    ready_s: float


@contextlib.contextmanager
def sightline_serve(repository: Path, scratch: Path, *options: str) -> Generator[Serving]:
    """Start it, and end it at the end. Raises RuntimeError with what it said where it does not come up.

    Args:
        repository: What is served.
        scratch: A folder for its files.
        options: More of the command's.
    """
    ready_file, log = scratch / "ready.json", scratch / "said.txt"
    ports = [part for kind in ("http", "grpc", "metrics") for part in (f"--{kind}-port", "0")]
    command = [sys.executable, "-m", "sightline_server", "serve", "--model-repository", str(repository), *options]
    begun = time.monotonic()
    with log.open("wb") as said:
        server = subprocess.Popen([*command, "--ready-file", str(ready_file), *ports], stdout=said, stderr=said)
    try:
        while not ready_file.exists():
            if server.poll() is not None:
                raise RuntimeError(log.read_text(errors="replace"))
            time.sleep(POLL_S)
        ready_s = time.monotonic() - begun
        ready = json.loads(ready_file.read_text())
        yield Serving(server.pid, ready["http_url"], ready["grpc_url"], ready_s)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()

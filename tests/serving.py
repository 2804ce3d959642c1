"""Starts `sightline serve` for the tests, with the real tritonserver behind it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 40


@dataclass(frozen=True)
class Service:
    """A running `sightline serve`."""

    http_url: str
    grpc_url: str
    metrics_url: str
    pid: int
    """The process id of tritonserver; `process` is its supervisor."""
    process: subprocess.Popen[bytes]
    directory: Path
    """Holds ready.json, and what the command wrote: stdout.txt, stderr.txt and tritonserver.log."""

    @property
    def stdout(self) -> str:
        return (self.directory / "stdout.txt").read_text()

    @property
    def stderr(self) -> str:
        return (self.directory / "stderr.txt").read_text()


Serve = Callable[..., Service]
"""`serve(repository, *options)`: the type of the fixture."""


def launch(repository: Path, *options: str) -> Service:
    """Starts `sightline serve` on free ports and waits until it is ready.

    Raises:
        RuntimeError: It ended instead; the message is what it said.
    """
    directory = Path(tempfile.mkdtemp(prefix="sightline-test-"))
    ready_file = directory / "ready.json"
    ports = [argument for name in ("http", "grpc", "metrics") for argument in (f"--{name}-port", "0")]
    files = ["--ready-file", str(ready_file), "--log-file", str(directory / "tritonserver.log")]
    command = [sys.executable, "-m", "sightline_server", "serve", "--model-repository", str(repository)]
    with (directory / "stdout.txt").open("wb") as stdout, (directory / "stderr.txt").open("wb") as stderr:
        process = subprocess.Popen(
            [*command, *ports, *files, *options],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            stop_process(process)
            said = (directory / "stderr.txt").read_text().strip()
            shutil.rmtree(directory)
            raise RuntimeError(f"sightline serve ended with status {process.returncode} for {repository}:\n{said}")
        time.sleep(0.05)
    ready = json.loads(ready_file.read_text())
    return Service(ready["http_url"], ready["grpc_url"], ready["metrics_url"], ready["pid"], process, directory)


def stop(service: Service) -> None:
    stop_process(service.process)


def stop_process(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def built_repository() -> Path:
    """The repository of this checkout.

    Raises:
        RuntimeError: Its models are not built.
    """
    repository = ROOT / "model_repository"
    missing = [name for name in ("cnn", "attention", "gan") if not (repository / name / "1").is_dir()]
    if missing:
        raise RuntimeError(f"{' and '.join(missing)} in {repository} are not built: run `make demo-models` first.")
    return repository

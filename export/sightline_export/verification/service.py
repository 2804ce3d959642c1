"""A real tritonserver to verify with: one that is started for it, or one that somebody runs already."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sightline_export.connection import Connection, Refused
from sightline_export.errors import NoServer, ServiceUnusable, VerificationFailed
from sightline_export.signature import TensorSpec
from sightline_export.verification.parity import Arrays, Runtime

ANSWER_TIMEOUT_S = 600.0
MACHINE_LACKS_SOMETHING = 10  # exit code of `sightline serve`


class Service:
    """A tritonserver over gRPC, whose models are runtimes.

    arrangement: the `--model-config-name` that it was started with, where that is known.
    """

    def __init__(self, connection: Connection, arrangement: str | None = None) -> None:
        self.connection = connection
        self.arrangement = arrangement

    def name(self) -> str:
        """Such as `Triton 2.51.0`, with the arrangement. Raises ServiceUnusable where it does not answer."""
        server = self.connection.server_name()
        return f"{server}, {self.arrangement}" if self.arrangement else server

    def runtime(self, model: str, outputs: Sequence[TensorSpec], version: int | None = None) -> Runtime:
        """The served `model` as a function from named arrays to named arrays.

        It raises VerificationFailed where a request is refused, ServiceUnusable where the server does not answer, and
        UnknownModel where it does not serve such a model.
        """
        names = [spec.name for spec in outputs]

        def run(inputs: Arrays) -> Arrays:
            try:
                return self.connection.infer(model, inputs, names, version=version)
            except Refused as error:
                raise VerificationFailed(f"expected an answer from Triton, got: {error}") from error

        return run


@contextmanager
def connected(grpc_url: str, api_key: str | None = None, arrangement: str | None = None) -> Generator[Service]:
    """The tritonserver that listens at `grpc_url`. Raises ServiceUnusable for an address of another kind."""
    try:
        connection = Connection(grpc_url, ANSWER_TIMEOUT_S, api_key)
    except ValueError as error:
        raise ServiceUnusable(str(error)) from error
    try:
        yield Service(connection, arrangement)
    finally:
        connection.close()


@contextmanager
def started(repository: Path, models: Sequence[str], arrangement: str | None = None) -> Generator[Service]:
    """A tritonserver for `models` of `repository`, started with `sightline serve` and ended at the end.

    arrangement: the variant of the models that is served; None leaves it to `sightline serve`.

    Raises NoServer where this machine has none, VerificationFailed where it can't serve the models.
    """
    if importlib.util.find_spec("sightline_server") is None:
        raise NoServer(
            "expected the distribution sightline-server, which starts a tritonserver, got none; run: pip install "
            "sightline-server && sightline install-runtime"
        )
    with tempfile.TemporaryDirectory(prefix="sightline-verify-") as scratch:
        ready_file, log = Path(scratch, "ready.json"), Path(scratch, "said.txt")
        ports = [argument for kind in ("http", "grpc", "metrics") for argument in (f"--{kind}-port", "0")]
        # Through the launcher the server ends with this process, also when that is killed outright.
        command = [sys.executable, "-m", "sightline_server.launch", str(os.getpid()), sys.executable]
        command += ["-m", "sightline_server", "serve", "--model-repository", str(repository.absolute())]
        command += ["--models", ",".join(models), "--ready-file", str(ready_file), "--startup-timeout", "600", *ports]
        command += ["--model-config-name", arrangement] if arrangement else []
        with log.open("wb") as said:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            _wait(server, ready_file, log)
            with connected(json.loads(ready_file.read_text())["grpc_url"], arrangement=arrangement) as service:
                yield service
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def _wait(server: subprocess.Popen[bytes], ready_file: Path, log: Path) -> None:
    while not ready_file.exists():
        if server.poll() is not None:
            said = " ".join(log.read_text(errors="replace").partition("Error: ")[2].split()) or log.read_text()[-500:]
            if server.returncode == MACHINE_LACKS_SOMETHING:
                raise NoServer(f"expected a machine that can serve, got: {said}")
            raise VerificationFailed(f"expected tritonserver to serve the model, got: {said}")
        time.sleep(0.05)

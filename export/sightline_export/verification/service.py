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
from typing import Any, cast

import numpy as np

from sightline_export.errors import ServiceUnusable, VerificationFailed
from sightline_export.signature import NUMPY_TYPES, TensorSpec
from sightline_export.verification.parity import Arrays, Runtime

ANSWER_TIMEOUT_S = 600.0
MACHINE_LACKS_SOMETHING = 10  # exit code of `sightline serve`


class Service:
    """A tritonserver over gRPC.

    Raises ServiceUnusable where it does not answer, VerificationFailed where it refuses a request.
    """

    def __init__(self, grpc_url: str) -> None:
        import tritonclient.grpc as triton  # slow to import

        self.url = grpc_url
        self._triton = cast(Any, triton)
        self._client: Any = self._triton.InferenceServerClient(grpc_url.removeprefix("grpc://").rstrip("/"))

    def name(self) -> str:
        """Such as `Triton 2.51.0`."""
        metadata = self._ask("get_server_metadata", client_timeout=10)
        return f"Triton {metadata.version}"

    def config(self, model: str) -> Any:
        """The configuration that is served, a `ModelConfig` message."""
        return self._ask("get_model_config", model, client_timeout=10).config

    def runtime(self, model: str, outputs: Sequence[TensorSpec], version: int | None = None) -> Runtime:
        """The served `model` as a function from named arrays to named arrays."""

        def run(inputs: Arrays) -> Arrays:
            result = self._ask(
                "infer",
                model,
                [self._input(name, array) for name, array in inputs.items()],
                model_version=str(version or ""),
                outputs=[self._triton.InferRequestedOutput(spec.name) for spec in outputs],
                client_timeout=ANSWER_TIMEOUT_S,
            )
            return {spec.name: np.asarray(result.as_numpy(spec.name)) for spec in outputs}

        return run

    def _input(self, name: str, array: Any) -> Any:
        datatype = next(datatype for datatype, kind in NUMPY_TYPES.items() if array.dtype == kind)
        tensor = self._triton.InferInput(name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array)
        return tensor

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        from tritonclient.utils import InferenceServerException

        try:
            return getattr(self._client, method)(*arguments, **options)
        except InferenceServerException as error:
            status, message = cast("tuple[str, str]", (error.status(), error.message()))
            said = message.strip().splitlines()[0]
            if str(status) in ("StatusCode.UNAVAILABLE", "StatusCode.DEADLINE_EXCEEDED"):
                raise ServiceUnusable(
                    f"expected a tritonserver at {self.url}, got: {said}; start one with: sightline serve"
                ) from error
            raise VerificationFailed(f"expected an answer from Triton, got {status}: {said}") from error

    def close(self) -> None:
        self._client.close()


@contextmanager
def connected(grpc_url: str) -> Generator[Service]:
    """The tritonserver that listens at `grpc_url`."""
    service = Service(grpc_url)
    try:
        yield service
    finally:
        service.close()


@contextmanager
def started(repository: Path, models: Sequence[str]) -> Generator[Service]:
    """A tritonserver for `models` of `repository`, started with `sightline serve` and ended at the end.

    Raises ServiceUnusable where this machine has none, VerificationFailed where it can't serve the models.
    """
    if importlib.util.find_spec("sightline_server") is None:
        raise ServiceUnusable(
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
        with log.open("wb") as said:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            _wait(server, ready_file, log)
            with connected(json.loads(ready_file.read_text())["grpc_url"]) as service:
                yield service
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def _wait(server: subprocess.Popen[bytes], ready_file: Path, log: Path) -> None:
    while not ready_file.exists():
        if server.poll() is not None:
            said = " ".join(log.read_text(errors="replace").partition("Error: ")[2].split()) or log.read_text()[-500:]
            if server.returncode == MACHINE_LACKS_SOMETHING:
                raise ServiceUnusable(f"expected a machine that can serve, got: {said}")
            raise VerificationFailed(f"expected tritonserver to serve the model, got: {said}")
        time.sleep(0.05)

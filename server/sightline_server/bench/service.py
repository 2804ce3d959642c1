"""What bench asks of a running tritonserver, beside inferences: what it serves, and what it counted."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tritonclient.utils import InferenceServerException

from sightline_server.bench.stages import Counters
from sightline_server.control import Control, call_failed
from sightline_server.repository import asked_models, steps_of

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Input:
    """One input of a served model."""

    name: str
    is_text: bool
    """Whether its elements are BYTES."""
    is_optional: bool


@dataclass(frozen=True)
class Served:
    """One model that a server has loaded, as its configuration describes it."""

    version: int
    """The newest one that is loaded."""
    inputs: tuple[Input, ...]
    parts: tuple[str, ...]
    """Names of its steps, and of what it asks itself."""


class Service(Control):
    """A tritonserver as any client sees it, without the supervisor's key."""

    def __init__(self, grpc_url: str) -> None:
        super().__init__(urlsplit(grpc_url).netloc, control_key="")

    def served(self) -> dict[str, Served]:
        """Every model that is loaded.

        Raises:
            CallFailed: The server does not answer, or refuses to.
        """
        versions = self.served_versions(TIMEOUT_S)
        return {name: described(self._config(name), max(found)) for name, found in versions.items()}

    def is_model_ready(self, model: str, version: int) -> bool:
        try:
            return bool(self._client.is_model_ready(model, str(version), client_timeout=TIMEOUT_S))
        except InferenceServerException:
            return False

    def counters(self) -> Mapping[str, Counters]:
        """Triton's statistics of every loaded model, its versions taken together.

        Raises:
            CallFailed: The server does not answer, or refuses to.
        """
        try:
            statistics: Any = self._client.get_inference_statistics(client_timeout=TIMEOUT_S)
        except InferenceServerException as error:
            raise call_failed(error) from error
        found: dict[str, Counters] = {}
        for entry in statistics.model_stats:
            found[entry.name] = found.get(entry.name, Counters()) + counters_of(entry)
        return found

    def register_region(self, name: str, key: str, size_bytes: int) -> None:
        """Has the server map a region of this machine's shared memory.

        Args:
            name: What the server calls it.
            key: What the machine calls it.
            size_bytes: How much of it.

        Raises:
            CallFailed: The server does not answer, or refuses to.
        """
        try:
            self._client.register_system_shared_memory(name, key, size_bytes, client_timeout=TIMEOUT_S)
        except InferenceServerException as error:
            raise call_failed(error) from error

    def forget_region(self, name: str) -> None:
        """The opposite of `register_region`."""
        try:
            self._client.unregister_system_shared_memory(name, client_timeout=TIMEOUT_S)
        except InferenceServerException as error:
            raise call_failed(error) from error

    def server_version(self) -> str:
        try:
            return str(self._client.get_server_metadata(client_timeout=TIMEOUT_S).version)
        except InferenceServerException as error:
            raise call_failed(error) from error

    def _config(self, model: str) -> Any:
        try:
            return self._client.get_model_config(model, client_timeout=TIMEOUT_S).config
        except InferenceServerException as error:
            raise call_failed(error) from error


def described(config: Any, version: int) -> Served:
    """config: Triton's protobuf message of a model's configuration."""
    protobuf: Any = importlib.import_module("tritonclient.grpc.model_config_pb2")
    inputs = tuple(
        Input(str(each.name), each.data_type == protobuf.TYPE_STRING, bool(each.optional)) for each in config.input
    )
    return Served(version, inputs, (*steps_of(config), *asked_models(config)))


def counters_of(entry: Any) -> Counters:
    spent = entry.inference_stats
    return Counters(
        requests=int(spent.success.count),
        failed=int(spent.fail.count),
        rows=int(entry.inference_count),
        executions=int(entry.execution_count),
        total_ns=int(spent.success.ns),
        queue_ns=int(spent.queue.ns),
        input_ns=int(spent.compute_input.ns),
        infer_ns=int(spent.compute_infer.ns),
        output_ns=int(spent.compute_output.ns),
    )

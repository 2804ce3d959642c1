"""What the supervisor asks of tritonserver over gRPC. The only module that imports tritonclient's client."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from sightline_server.command_line import KEY_NAME

TENSOR_TYPES: dict[str, type[Any]] = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
}


@dataclass(frozen=True)
class Tensor:
    """A named tensor with its batch axis; `BYTES` is an object array of bytes."""

    name: str
    datatype: str
    values: NDArray[Any]


class CallFailed(Exception):  # a step of the probe, not an error of the distribution
    """A call that tritonserver refused or that did not reach it; `status` is gRPC's name of it, as `UNAVAILABLE`."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Control:
    """A connection to one tritonserver with the key to its restricted interfaces."""

    def __init__(self, address: str, control_key: str) -> None:
        # gRPC would otherwise wait up to two minutes before it tries a server again that is being restarted
        options = [
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 500),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.enable_http_proxy", 0),
        ]
        self._client: Any = triton.InferenceServerClient(address, channel_args=options)
        self._headers = {f"triton-grpc-protocol-{KEY_NAME}": control_key}

    def close(self) -> None:
        self._client.close()

    def is_ready(self, timeout_s: float = 2.0) -> bool:
        try:
            return bool(self._client.is_server_ready(client_timeout=timeout_s))
        except InferenceServerException:
            return False

    def ready_versions(self, timeout_s: float = 5.0) -> dict[str, tuple[int, ...]]:
        """The versions of each model that are ready."""
        try:
            index: Any = self._client.get_model_repository_index(headers=self._headers, client_timeout=timeout_s)
        except InferenceServerException as error:
            raise call_failed(error) from error
        found: dict[str, list[int]] = {}
        for model in index.models:
            if model.state == "READY":
                found.setdefault(model.name, []).append(int(model.version))
        return {name: tuple(sorted(versions)) for name, versions in found.items()}

    def served_versions(self, timeout_s: float = 5.0) -> dict[str, tuple[int, ...]]:
        """The same from the statistics, which need no key."""
        try:
            statistics: Any = self._client.get_inference_statistics(client_timeout=timeout_s)
        except InferenceServerException as error:
            raise call_failed(error) from error
        found: dict[str, list[int]] = {}
        for entry in statistics.model_stats:
            found.setdefault(entry.name, []).append(int(entry.version))
        return {name: tuple(sorted(versions)) for name, versions in found.items()}

    def successes(self, model: str, timeout_s: float = 2.0) -> int:
        """How many requests of a model succeeded since it was loaded."""
        try:
            statistics: Any = self._client.get_inference_statistics(model, client_timeout=timeout_s)
        except InferenceServerException as error:
            raise call_failed(error) from error
        return sum(int(entry.inference_stats.success.count) for entry in statistics.model_stats)

    def reload(self, model: str, timeout_s: float) -> None:
        """Unloads and loads a model. A plain load keeps a dead Python process."""
        try:
            self._client.unload_model(model, headers=self._headers, client_timeout=timeout_s)
            self._client.load_model(model, headers=self._headers, client_timeout=timeout_s)
        except InferenceServerException as error:
            raise call_failed(error) from error

    def infer(
        self, model: str, version: int, inputs: Sequence[Tensor], outputs: Sequence[str], timeout_s: float
    ) -> dict[str, NDArray[Any]]:
        """Runs one inference and returns the named outputs with their batch axis."""
        sent: list[Any] = []
        for tensor in inputs:
            wire: Any = triton.InferInput(tensor.name, list(tensor.values.shape), tensor.datatype)
            wire.set_data_from_numpy(tensor.values)
            sent.append(wire)
        requested: list[Any] = [triton.InferRequestedOutput(name) for name in outputs]
        try:
            result: Any = self._client.infer(
                model, sent, model_version=str(version), outputs=requested, client_timeout=timeout_s
            )
        except InferenceServerException as error:
            raise call_failed(error) from error
        return {name: result.as_numpy(name) for name in outputs}


def call_failed(error: Any) -> CallFailed:
    return CallFailed(str(error.status()).removeprefix("StatusCode."), str(error.message()))

"""Triton's gRPC protocol, through tritonclient's gRPC client, which threads may share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from sightline._tensors import datatype_of
from sightline._transports import faults
from sightline._transports.base import Reply
from sightline._url import Endpoint
from sightline.errors import (
    ConnectionFailed,
    InferenceFailed,
    InvalidRequest,
    ModelNotFound,
    ModelNotReady,
    RequestTimeout,
    SightlineError,
)

_PROBE_TIMEOUT_S = 2.0

_CHANNEL_ARGUMENTS: tuple[tuple[str, int], ...] = (
    ("grpc.max_send_message_length", 2**31 - 1),
    ("grpc.max_receive_message_length", 2**31 - 1),
    # Each client has its own connection, so that one that failed does not make a new client wait with it.
    ("grpc.use_local_subchannel_pool", 1),
    # A server that comes back is found within a second; gRPC's own limit is two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
)

_CODES: dict[str, type[SightlineError]] = {
    "ABORTED": ModelNotReady,
    "ALREADY_EXISTS": InvalidRequest,
    "CANCELLED": ConnectionFailed,
    "DATA_LOSS": InferenceFailed,
    "DEADLINE_EXCEEDED": RequestTimeout,
    "FAILED_PRECONDITION": InvalidRequest,
    "INTERNAL": InferenceFailed,
    "INVALID_ARGUMENT": InvalidRequest,
    "NOT_FOUND": ModelNotFound,
    "OUT_OF_RANGE": InvalidRequest,
    "PERMISSION_DENIED": InvalidRequest,
    "RESOURCE_EXHAUSTED": InvalidRequest,
    "UNAUTHENTICATED": InvalidRequest,
    "UNAVAILABLE": ModelNotReady,
    "UNIMPLEMENTED": InvalidRequest,
    "UNKNOWN": InvalidRequest,  # Triton's TRITONSERVER_ERROR_UNKNOWN, which is 400 over HTTP
}


class GRPCTransport:
    """Speaks with one server over gRPC, encrypted or not; one channel for all threads."""

    def __init__(self, endpoint: Endpoint, headers: Mapping[str, str]) -> None:
        self._url = str(endpoint)
        self._headers = {name.lower(): value for name, value in headers.items()}
        self._client: Any = triton.InferenceServerClient(
            endpoint.authority, ssl=endpoint.is_encrypted, channel_args=list(_CHANNEL_ARGUMENTS)
        )

    def infer(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        outputs: Sequence[str] | None,
        *,
        timeout_s: float | None,
    ) -> Reply:
        tensors = [_input(name, array) for name, array in inputs.items()]
        wanted = None if outputs is None else [triton.InferRequestedOutput(name) for name in outputs]
        result = self._call(self._client.infer, model, timeout_s, model_name=model, inputs=tensors, outputs=wanted)
        try:
            return _reply(result)
        except Exception as exc:  # whatever tritonclient raises on bytes of another form
            raise faults.unreadable(self._url, exc, model=model, status="OK") from exc

    def model_metadata(self, model: str, *, version: int | None, timeout_s: float | None) -> Mapping[str, Any]:
        wanted = "" if version is None else str(version)
        call = self._client.get_model_metadata
        return self._call(call, model, timeout_s, model_name=model, model_version=wanted, as_json=True)

    def model_config(self, model: str, *, version: int | None, timeout_s: float | None) -> Mapping[str, Any]:
        wanted = "" if version is None else str(version)
        call = self._client.get_model_config
        return self._call(call, model, timeout_s, model_name=model, model_version=wanted, as_json=True)["config"]

    def statistics(self, *, timeout_s: float | None) -> Mapping[str, Any]:
        return self._call(self._client.get_inference_statistics, None, timeout_s, as_json=True)

    def is_ready(self, model: str | None, *, timeout_s: float | None) -> bool:
        try:
            if model is None:
                return bool(self._call(self._client.is_server_ready, None, timeout_s))
            return bool(self._call(self._client.is_model_ready, model, timeout_s, model_name=model))
        except (ModelNotFound, ModelNotReady):
            return False

    def close(self) -> None:
        self._client.close()

    def _call(self, call: Callable[..., Any], model: str | None, timeout_s: float | None, **arguments: Any) -> Any:
        try:
            return call(headers=dict(self._headers), client_timeout=timeout_s, **arguments)
        except InferenceServerException as exc:
            raise self._translate(exc, model, timeout_s) from exc
        except ValueError as exc:
            if "closed channel" in str(exc):
                raise faults.closed() from exc
            raise

    def _translate(self, exc: InferenceServerException, model: str | None, timeout_s: float | None) -> SightlineError:
        status, text = cast("tuple[str | None, str | None]", (exc.status(), exc.message()))
        code = (status or "").removeprefix("StatusCode.")
        kind = _CODES.get(code, InferenceFailed)
        if kind is RequestTimeout:
            return faults.no_answer_in_time(self._url, timeout_s, model=model, status=code)
        if kind is ConnectionFailed or (code == "UNAVAILABLE" and not self._is_alive(timeout_s)):
            return faults.no_answer(self._url, text or code, model=model)
        return faults.refusal(kind, text or code, model=model, status=code, url=self._url)

    def _is_alive(self, timeout_s: float | None) -> bool:
        """Return whether a server answers at all.

        gRPC gives the code UNAVAILABLE both to a server that says so and to a connection that failed, and nothing else
        in the error tells one from the other.
        """
        limit = _PROBE_TIMEOUT_S if timeout_s is None else min(timeout_s, _PROBE_TIMEOUT_S)
        try:
            self._client.is_server_live(headers=dict(self._headers), client_timeout=limit)
        except InferenceServerException as exc:
            return faults.is_restricted(str(exc.message()))
        except ValueError:
            return False
        return True


def _input(name: str, array: NDArray[Any]) -> Any:
    tensor = triton.InferInput(name, list(array.shape), datatype_of(array))
    tensor.set_data_from_numpy(array)
    return tensor


def _reply(result: Any) -> Reply:
    answer: Any = result.get_response()
    names = [str(each.name) for each in answer.outputs]
    tensors = {name: cast("NDArray[Any]", result.as_numpy(name)) for name in names}
    return Reply(version=int(answer.model_version), tensors=tensors)

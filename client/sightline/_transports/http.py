"""Triton's HTTP protocol: urllib3 carries the bytes, tritonclient frames the tensors.

tritonclient's own HTTP connection is bound to gevent and to one thread, so it is not used here: of a client that
threads share, all threads but the first raise or never return.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import tritonclient.http as triton
import urllib3
from numpy.typing import NDArray
from urllib3 import exceptions as wire

from sightline._deadline import Deadline
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

_READ_SIZE = 1 << 20
_IDLE_CONNECTIONS = 32
_HEADER_LENGTH = "Inference-Header-Content-Length"

# The first class that fits is taken, so a subclass stands before its base.
_EXCEPTIONS: tuple[tuple[type[Exception], type[SightlineError]], ...] = (
    (wire.NewConnectionError, ConnectionFailed),
    (wire.ConnectTimeoutError, RequestTimeout),
    (wire.ReadTimeoutError, RequestTimeout),
    (wire.ClosedPoolError, SightlineError),
    (wire.HTTPError, ConnectionFailed),
)

_STATUSES: dict[int, type[SightlineError]] = {
    400: InvalidRequest,
    401: InvalidRequest,
    403: InvalidRequest,
    404: ModelNotFound,
    408: RequestTimeout,
    413: InvalidRequest,
    429: ModelNotReady,
    500: InferenceFailed,
    501: InvalidRequest,
    502: ConnectionFailed,
    503: ModelNotReady,
    504: RequestTimeout,
}


class HTTPTransport:
    """Speaks with one server over HTTP or HTTPS; connections are kept and shared by all threads."""

    def __init__(self, endpoint: Endpoint, headers: Mapping[str, str]) -> None:
        self._url = str(endpoint)
        self._path = endpoint.path
        self._headers = dict(headers)
        pool = urllib3.HTTPSConnectionPool if endpoint.is_encrypted else urllib3.HTTPConnectionPool
        self._pool = pool(endpoint.host, endpoint.port, maxsize=_IDLE_CONNECTIONS, block=False)

    def infer(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        outputs: Sequence[str] | None,
        *,
        timeout_s: float | None,
    ) -> Reply:
        body, header_length = _request_body(inputs, outputs)
        # Without a content type some clients send the one of HTML forms, on which Triton 2.51 ends.
        headers = {"Content-Type": "application/octet-stream"}
        if header_length is not None:
            headers[_HEADER_LENGTH] = str(header_length)
        response = self._request("POST", _model_path(model, None, "/infer"), model, timeout_s, body, headers)
        try:
            return _reply(response)
        except Exception as exc:  # whatever tritonclient raises on bytes of another form
            raise faults.unreadable(self._url, exc, model=model, status=str(response.status)) from exc

    def model_metadata(self, model: str, *, version: int | None, timeout_s: float | None) -> Mapping[str, Any]:
        return self._get_json(_model_path(model, version, ""), model, timeout_s)

    def model_config(self, model: str, *, version: int | None, timeout_s: float | None) -> Mapping[str, Any]:
        return self._get_json(_model_path(model, version, "/config"), model, timeout_s)

    def statistics(self, *, timeout_s: float | None) -> Mapping[str, Any]:
        return self._get_json("/v2/models/stats", None, timeout_s)

    def is_ready(self, model: str | None, *, timeout_s: float | None) -> bool:
        path = "/v2/health/ready" if model is None else _model_path(model, None, "/ready")
        try:
            self._request("GET", path, model, timeout_s)
        except (ModelNotFound, ModelNotReady):
            return False
        except InvalidRequest as exc:
            # 2.51 says 400 without a word where later ones say 503.
            if exc.status == "400":
                return False
            raise
        return True

    def close(self) -> None:
        self._pool.close()

    def _get_json(self, path: str, model: str | None, timeout_s: float | None) -> Mapping[str, Any]:
        response = self._request("GET", path, model, timeout_s)
        try:
            answer: object = json.loads(response.data)
        except ValueError as exc:
            raise faults.unreadable(self._url, exc, model=model, status=str(response.status)) from exc
        if not isinstance(answer, dict):
            raise faults.unreadable(self._url, "no JSON object", model=model, status=str(response.status))
        return cast(dict[str, Any], answer)

    def _request(
        self,
        method: str,
        path: str,
        model: str | None,
        timeout_s: float | None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Answer:
        deadline = Deadline(timeout_s)
        try:
            response = self._pool.urlopen(
                method,
                self._path + path,
                body=body,
                headers={**self._headers, **(headers or {})},
                timeout=urllib3.Timeout(total=timeout_s),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            answer = _Answer(response.status, response.reason, response.headers, _read_body(response, deadline))
        except wire.HTTPError as exc:
            raise _translate(exc, self._url, model, timeout_s) from exc
        except RequestTimeout as exc:
            raise faults.no_answer_in_time(self._url, timeout_s, model=model, status=None) from exc
        if answer.status != 200:
            raise _refusal(answer, self._url, model, timeout_s)
        return answer


@dataclass(frozen=True)
class _Answer:
    """A response that was read to its end."""

    status: int
    reason: str | None
    headers: Mapping[str, str]
    data: bytes


def _read_body(response: urllib3.BaseHTTPResponse, deadline: Deadline) -> bytes:
    # urllib3's timeout starts again with every read, so a server that drips would never exceed it.
    parts: list[bytes] = []
    try:
        while part := response.read1(_READ_SIZE):
            parts.append(part)
            deadline.remaining_s()
    except BaseException:
        response.close()  # what is left of the answer must not meet the next request
        raise
    response.release_conn()
    return b"".join(parts)


def _translate(exc: wire.HTTPError, url: str, model: str | None, timeout_s: float | None) -> SightlineError:
    kind = next(ours for theirs, ours in _EXCEPTIONS if isinstance(exc, theirs))
    if kind is RequestTimeout:
        return faults.no_answer_in_time(url, timeout_s, model=model, status=None)
    if kind is ConnectionFailed:
        # urllib3 puts the object's address first: "HTTPConnection(host=…): Failed to establish …".
        return faults.no_answer(url, str(exc).rpartition("): ")[2], model=model)
    return faults.closed()


def _refusal(response: _Answer, url: str, model: str | None, timeout_s: float | None) -> SightlineError:
    status = response.status
    reason = _error_text(response.data)
    kind = _STATUSES.get(status, InvalidRequest if status < 500 else InferenceFailed)
    if kind is RequestTimeout:
        return faults.no_answer_in_time(url, timeout_s, model=model, status=str(status))
    if kind is ModelNotFound and (model is None or reason in (None, "Not Found")):
        kind = ConnectionFailed  # the page is missing, not the model: no Triton, or not at this path
    text = reason or f"HTTP {status} {response.reason or ''}".strip()
    return faults.refusal(kind, text, model=model, status=str(status), url=url)


def _error_text(body: bytes) -> str | None:
    try:
        answer: object = json.loads(body)
    except ValueError:
        return None
    error: object = cast(dict[str, object], answer).get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, str) and error else None


def _model_path(model: str, version: int | None, end: str) -> str:
    of_version = "" if version is None else f"/versions/{version}"
    return f"/v2/models/{quote(model, safe='')}{of_version}{end}"


def _request_body(inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None) -> tuple[bytes, int | None]:
    tensors: list[Any] = []
    for name, array in inputs.items():
        tensor = triton.InferInput(name, list(array.shape), datatype_of(array))
        tensor.set_data_from_numpy(array, binary_data=True)
        tensors.append(tensor)
    wanted = None if outputs is None else [triton.InferRequestedOutput(name, binary_data=True) for name in outputs]
    body, header_length = cast(
        "tuple[bytes, int | None]", triton.InferenceServerClient.generate_request_body(tensors, outputs=wanted)
    )
    return body, header_length


def _reply(response: _Answer) -> Reply:
    length = response.headers.get(_HEADER_LENGTH)
    result = triton.InferenceServerClient.parse_response_body(
        response.data, header_length=None if length is None else int(length)
    )
    answer = cast(dict[str, Any], result.get_response())
    names = [str(each["name"]) for each in answer.get("outputs", ())]
    tensors = {name: cast("NDArray[Any]", result.as_numpy(name)) for name in names}
    return Reply(version=int(answer["model_version"]), tensors=tensors)

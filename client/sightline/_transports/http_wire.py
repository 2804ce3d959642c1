"""Triton's HTTP protocol as values, shared by the blocking and the awaited transport; pure.

The tensors are framed here, after KServe's V2 protocol with Triton's binary tensor extension: a JSON header of known
length, then the bytes of each tensor. tritonclient frames them too, but importing it brings gevent along.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from sightline._requests import (
    Infer,
    IsReady,
    ModelConfig,
    ModelMetadata,
    Region,
    RegisterRegion,
    Reply,
    Request,
    Statistics,
    Tensor,
    UnregisterRegion,
)
from sightline._tensors import datatype_of, dtype_name, from_wire, to_wire
from sightline._transports import faults
from sightline.errors import (
    ConnectionFailed,
    InferenceFailed,
    InvalidRequest,
    ModelNotFound,
    ModelNotReady,
    RequestTimeout,
    SightlineError,
)

Answer = TypeVar("Answer")

_HEADER_LENGTH = "Inference-Header-Content-Length"
_TRITONS_BINARY = {"binary_data": True}

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


@dataclass(frozen=True)
class HTTPRequest:
    """What is sent; `path` is quoted."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class HTTPAnswer:
    """What came back, read to its end."""

    status: int
    reason: str | None
    headers: Mapping[str, str]
    body: bytes


def encode(request: Request[Any]) -> HTTPRequest:
    """Return the HTTP request that says what `request` asks."""
    match request:
        case Infer():
            return _encode_infer(request)
        case ModelMetadata(model, version):
            return HTTPRequest("GET", _model_path(model, version), {})
        case ModelConfig(model, version):
            return HTTPRequest("GET", f"{_model_path(model, version)}/config", {})
        case Statistics():
            return HTTPRequest("GET", "/v2/models/stats", {})
        case IsReady(None):
            return HTTPRequest("GET", "/v2/health/ready", {})
        case IsReady(model):
            return HTTPRequest("GET", f"{_model_path(str(model), None)}/ready", {})
        case RegisterRegion(name, key, byte_size):
            body = json.dumps({"key": key, "offset": 0, "byte_size": byte_size}).encode()
            return HTTPRequest("POST", f"{_region_path(name)}/register", _JSON, body)
        case UnregisterRegion(name):
            return HTTPRequest("POST", f"{_region_path(name)}/unregister", _JSON, b"{}")
        case _:
            raise TypeError(f"expected a request of sightline._requests, got {type(request).__name__}")


def decode(request: Request[Answer], answer: HTTPAnswer, url: str, timeout_s: float | None) -> Answer:
    """Return what the server answered, or raise the error that its status stands for."""
    if answer.status != 200:
        if isinstance(request, IsReady) and _says_not_ready(answer):
            return cast(Answer, False)
        raise refusal(answer, url, request.model_name, timeout_s)
    try:
        return cast(Answer, _read(request, answer))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as exc:
        raise faults.unreadable(url, exc, model=request.model_name, status=str(answer.status)) from exc


def refusal(answer: HTTPAnswer, url: str, model: str | None, timeout_s: float | None) -> SightlineError:
    """Return the error that an answer with a status other than 200 stands for."""
    status = answer.status
    reason = _error_text(answer.body)
    kind = _STATUSES.get(status, InvalidRequest if status < 500 else InferenceFailed)
    if kind is RequestTimeout:
        return faults.no_answer_in_time(url, timeout_s, model=model, status=str(status))
    if kind is ModelNotFound and (model is None or reason in (None, "Not Found")):
        kind = ConnectionFailed  # the page is missing, not the model: no Triton, or not at this path
    text = reason or f"HTTP {status} {answer.reason or ''}".strip()
    retry_after_s = faults.parse_retry_after_s(answer.headers.get("Retry-After"))
    # A rate limit that names no time may last for the day: repeating it would only add to it.
    is_safe_to_repeat = status == 503 or (status == 429 and retry_after_s is not None)
    return faults.refusal(
        kind,
        text,
        model=model,
        status=str(status),
        url=url,
        is_safe_to_repeat=is_safe_to_repeat,
        retry_after_s=retry_after_s,
    )


_JSON = {"Content-Type": "application/json"}


def _read(request: Request[Any], answer: HTTPAnswer) -> object:
    match request:
        case Infer():
            return _read_reply(answer, request.output_regions)
        case IsReady():
            return True
        case RegisterRegion() | UnregisterRegion():
            return None
        case _:
            parsed: object = json.loads(answer.body)
            if not isinstance(parsed, dict):
                raise ValueError("no JSON object")
            return cast(dict[str, Any], parsed)


def _encode_infer(request: Infer) -> HTTPRequest:
    parts = {name: to_wire(tensor) for name, tensor in request.inputs.items() if not isinstance(tensor, Region)}
    header: dict[str, Any] = {
        "inputs": [_described(name, tensor, parts.get(name, b"")) for name, tensor in request.inputs.items()]
    }
    if request.outputs is None:
        header["parameters"] = {"binary_data_output": True}
    else:
        header["outputs"] = [_wanted(name, request.output_regions.get(name)) for name in request.outputs]
    head = json.dumps(header, separators=(",", ":")).encode()
    # Without a content type some clients send the one of HTML forms, on which Triton 2.51 ends.
    headers = {"Content-Type": "application/octet-stream", _HEADER_LENGTH: str(len(head))}
    path = f"{_model_path(request.model, None)}/infer"
    return HTTPRequest("POST", path, headers, b"".join((head, *parts.values())))


def _described(name: str, tensor: Tensor, data: bytes) -> dict[str, Any]:
    if isinstance(tensor, Region):
        return {
            "name": name,
            "shape": tensor.shape,
            "datatype": tensor.datatype,
            "parameters": _place(tensor),
        }
    return {
        "name": name,
        "shape": tensor.shape,
        "datatype": datatype_of(tensor),
        "parameters": {"binary_data_size": len(data)},
    }


def _wanted(name: str, region: Region | None) -> dict[str, Any]:
    if region is None:
        return {"name": name, "parameters": _TRITONS_BINARY}
    return {"name": name, "parameters": _place(region)}


def _place(region: Region) -> dict[str, Any]:
    return {
        "shared_memory_region": region.name,
        "shared_memory_offset": region.offset,
        "shared_memory_byte_size": region.byte_size,
    }


def _read_reply(answer: HTTPAnswer, placed: Collection[str]) -> Reply:
    length = answer.headers.get(_HEADER_LENGTH)
    start = len(answer.body) if length is None else int(length)
    header: dict[str, Any] = json.loads(answer.body[:start])
    binary = memoryview(answer.body)
    tensors: dict[str, NDArray[Any]] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for output in cast("list[dict[str, Any]]", header.get("outputs", ())):
        name, shape = str(output["name"]), tuple(int(size) for size in output["shape"])
        parameters: dict[str, Any] = output.get("parameters", {})
        if name in placed:
            shapes[name] = shape
        elif "binary_data_size" in parameters:
            end = start + int(parameters["binary_data_size"])
            if not start <= end <= len(binary):
                raise ValueError(f"expected {end} bytes, got {len(binary)}")
            tensors[name] = from_wire(binary[start:end], str(output["datatype"]), shape)
            start = end
        else:
            tensors[name] = _from_json(output["data"], str(output["datatype"]), shape)
    return Reply(int(header["model_version"]), tensors, shapes)


def _from_json(data: list[Any], datatype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    if datatype == "BYTES":
        data = [str(element).encode() for element in data]
    array = np.array(data, dtype=dtype_name(datatype)).reshape(shape)
    array.flags.writeable = False
    return array


def _says_not_ready(answer: HTTPAnswer) -> bool:
    # 2.51 says 400 where later ones say 503, and 404 with a text for a model that it does not have.
    return answer.status in (400, 503) or (answer.status == 404 and _error_text(answer.body) not in (None, "Not Found"))


def _error_text(body: bytes) -> str | None:
    try:
        answer: object = json.loads(body)
    except ValueError:
        return None
    error: object = cast(dict[str, object], answer).get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, str) and error else None


def _model_path(model: str, version: int | None) -> str:
    of_version = "" if version is None else f"/versions/{version}"
    return f"/v2/models/{quote(model, safe='')}{of_version}"


def _region_path(name: str) -> str:
    return f"/v2/systemsharedmemory/region/{quote(name, safe='')}"

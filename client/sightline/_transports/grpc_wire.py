"""Triton's gRPC protocol as values, shared by the blocking and the awaited transport; pure.

The messages are tritonclient's; its client is left out, because a request and its answer are then plain values.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import google.protobuf.json_format
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2

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
from sightline._tensors import datatype_of, from_wire, to_wire
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

# The generated messages have no types.
pb: Any = service_pb2

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

# What gRPC itself says of a connection, with the code that a busy server uses too.
_NOT_CONNECTED = re.compile(r"failed to connect to all addresses|DNS resolution failed")
_LOST = re.compile(
    r"recvmsg:|sendmsg:|Socket closed|Connection reset|Broken pipe|GOAWAY|Stream removed|Transport closed"
)


@dataclass(frozen=True)
class GRPCFault:
    """How a call ended that was not answered."""

    code: str
    text: str
    retry_after: str | None = None

    @property
    def is_a_lost_connection(self) -> bool:
        """Whether gRPC says that it has no connection, or lost it."""
        found = _NOT_CONNECTED.search(self.text) or _LOST.search(self.text)
        return self.code == "CANCELLED" or (self.code == "UNAVAILABLE" and found is not None)

    @property
    def is_ambiguous(self) -> bool:
        """Whether nothing here tells a busy server from one that went away."""
        return self.code == "UNAVAILABLE" and not self.is_a_lost_connection and not faults.is_restricted(self.text)

    @property
    def is_an_answer(self) -> bool:
        """Whether a server said this, not the connection to it; to be asked of a probe that was refused."""
        return faults.is_restricted(self.text) or self.code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")


def encode(request: Request[Any]) -> tuple[str, Any]:
    """Return the name of the method that answers `request`, and its message."""
    match request:
        case Infer():
            return "ModelInfer", _encode_infer(request)
        case ModelMetadata(model, version):
            return "ModelMetadata", pb.ModelMetadataRequest(name=model, version=_text(version))
        case ModelConfig(model, version):
            return "ModelConfig", pb.ModelConfigRequest(name=model, version=_text(version))
        case Statistics():
            return "ModelStatistics", pb.ModelStatisticsRequest()
        case IsReady(None):
            return "ServerReady", pb.ServerReadyRequest()
        case IsReady(model):
            return "ModelReady", pb.ModelReadyRequest(name=model)
        case RegisterRegion(name, key, byte_size):
            message = pb.SystemSharedMemoryRegisterRequest(name=name, key=key, offset=0, byte_size=byte_size)
            return "SystemSharedMemoryRegister", message
        case UnregisterRegion(name):
            return "SystemSharedMemoryUnregister", pb.SystemSharedMemoryUnregisterRequest(name=name)
        case _:
            raise TypeError(f"expected a request of sightline._requests, got {type(request).__name__}")


def decode(request: Request[Answer], message: Any, url: str) -> Answer:
    """Return what the server answered."""
    try:
        return cast(Answer, _read(request, message))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as exc:
        raise faults.unreadable(url, exc, model=request.model_name, status="OK") from exc


def error_of(
    fault: GRPCFault, request: Request[Any], url: str, timeout_s: float | None, *, is_alive: bool
) -> SightlineError:
    """Return the error for a call that was not answered; `is_alive` says whether the server answers others."""
    model = request.model_name
    kind = _CODES.get(fault.code, InferenceFailed)
    text = fault.text or fault.code
    if fault.code == "CANCELLED" and "Channel closed" in text:
        return faults.closed()
    if kind is RequestTimeout:
        return faults.no_answer_in_time(url, timeout_s, model=model, status=fault.code)
    if kind is ConnectionFailed or fault.is_a_lost_connection or not is_alive:
        was_refused = "Connection refused" in text and _NOT_CONNECTED.search(text) is not None
        return faults.no_answer(url, text, model=model, was_refused=was_refused)
    retry_after_s = faults.parse_retry_after_s(fault.retry_after)
    # The code stands for a message that is too large, and for a rate limit, which says when to come back.
    is_limited = fault.code == "RESOURCE_EXHAUSTED" and retry_after_s is not None
    return faults.refusal(
        ModelNotReady if is_limited else kind,
        text,
        model=model,
        status=fault.code,
        url=url,
        is_safe_to_repeat=fault.code == "UNAVAILABLE" or is_limited,
        retry_after_s=retry_after_s,
    )


def says_not_ready(request: Request[Any], error: SightlineError) -> bool:
    """Return whether a refusal answers the question of `IsReady`."""
    return isinstance(request, IsReady) and isinstance(error, (ModelNotFound, ModelNotReady))


def _read(request: Request[Any], message: Any) -> object:
    match request:
        case Infer():
            return _read_reply(message, request.output_regions)
        case IsReady():
            return bool(message.ready)
        case RegisterRegion() | UnregisterRegion():
            return None
        case ModelConfig():
            return _to_dict(message)["config"]
        case _:
            return _to_dict(message)


def _to_dict(message: Any) -> dict[str, Any]:
    return google.protobuf.json_format.MessageToDict(message, preserving_proto_field_name=True)


def _text(version: int | None) -> str:
    return "" if version is None else str(version)


def _encode_infer(request: Infer) -> Any:
    message = pb.ModelInferRequest(model_name=request.model)
    for name, tensor in request.inputs.items():
        described = message.inputs.add(name=name, datatype=_datatype(tensor), shape=tensor.shape)
        if isinstance(tensor, Region):
            _place(described.parameters, tensor)
        else:
            message.raw_input_contents.append(to_wire(tensor))
    for name in request.outputs or ():
        wanted = message.outputs.add(name=name)
        if name in request.output_regions:
            _place(wanted.parameters, request.output_regions[name])
    return message


def _datatype(tensor: Tensor) -> str:
    return tensor.datatype if isinstance(tensor, Region) else datatype_of(tensor)


def _place(parameters: Any, region: Region) -> None:
    parameters["shared_memory_region"].string_param = region.name
    parameters["shared_memory_offset"].int64_param = region.offset
    parameters["shared_memory_byte_size"].int64_param = region.byte_size


def _read_reply(message: Any, placed: Collection[str]) -> Reply:
    tensors: dict[str, NDArray[Any]] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for place, output in enumerate(message.outputs):
        shape = tuple(int(size) for size in output.shape)
        if output.name in placed:  # its bytes are there too, but empty
            shapes[output.name] = shape
        else:
            tensors[output.name] = from_wire(message.raw_output_contents[place], output.datatype, shape)
    return Reply(int(message.model_version), tensors, shapes)

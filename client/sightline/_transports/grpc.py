"""gRPC for threads."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import grpc
from tritonclient.grpc.service_pb2_grpc import GRPCInferenceServiceStub

from sightline._connection import Connection
from sightline._deadline import Deadline
from sightline._requests import IsReady, Request
from sightline._transports import faults
from sightline._transports.grpc_channel import PROBE_TIMEOUT_S, fault_of, metadata_of, open_channel
from sightline._transports.grpc_wire import decode, encode, error_of, says_not_ready

Answer = TypeVar("Answer")

_IS_CLOSED = re.compile("closed channel|Channel closed")


class GRPCTransport:
    """Speaks with one server over gRPC, encrypted or not; one channel for all threads."""

    def __init__(self, connection: Connection) -> None:
        self._url = connection.url
        self._metadata = metadata_of(connection)
        self._channel = open_channel(connection, grpc)
        self._stub: Any = GRPCInferenceServiceStub(self._channel)

    def send(self, request: Request[Answer], deadline: Deadline) -> Answer:
        try:
            answer = self._call(request, deadline.remaining_s())
        except grpc.RpcError as exc:
            fault = fault_of(exc)
            is_alive = not fault.is_ambiguous or self._is_alive(deadline.left_s(PROBE_TIMEOUT_S))
            error = error_of(fault, request, self._url, deadline.timeout_s, is_alive=is_alive)
            if says_not_ready(request, error):
                return False  # pyright: ignore[reportReturnType]  # IsReady is a Request[bool]
            raise error from exc
        return decode(request, answer, self._url)

    def close(self) -> None:
        self._channel.close()

    def _call(self, request: Request[Any], timeout_s: float | None) -> Any:
        method, message = encode(request)
        try:
            return getattr(self._stub, method)(message, timeout=timeout_s, metadata=self._metadata)
        except ValueError as exc:
            if _IS_CLOSED.search(str(exc)):
                raise faults.closed() from exc
            raise

    def _is_alive(self, timeout_s: float) -> bool:
        try:
            self._call(IsReady(), timeout_s)
        except grpc.RpcError as exc:
            return fault_of(exc).is_an_answer
        return True

"""gRPC for event loops."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import grpc.aio
from tritonclient.grpc.service_pb2_grpc import GRPCInferenceServiceStub

from sightline._connection import Connection
from sightline._deadline import Deadline
from sightline._requests import IsReady, Request
from sightline._transports import faults
from sightline._transports.grpc_channel import PROBE_TIMEOUT_S, fault_of, metadata_of, open_channel
from sightline._transports.grpc_wire import decode, encode, error_of, says_not_ready
from sightline._transports.per_loop import PerLoop

Answer = TypeVar("Answer")


def _is_task_cancelled() -> bool:
    task = asyncio.current_task()
    cancelling = getattr(task, "cancelling", None)  # not in Python 3.10
    return cancelling is not None and cancelling() > 0


@dataclass(frozen=True)
class _Channel:
    """One event loop's own."""

    channel: Any
    stub: Any

    async def close(self) -> None:
        await self.channel.close()


class AsyncGRPCTransport:
    """Speaks with one server over gRPC, encrypted or not; each event loop has a channel of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._url = connection.url
        self._metadata = metadata_of(connection)
        self._channels = PerLoop(self._open_channel, _Channel.close)

    async def send(self, request: Request[Answer], deadline: Deadline) -> Answer:
        try:
            answer = await self._call(request, deadline.remaining_s())
        except grpc.RpcError as exc:
            fault = fault_of(exc)
            is_alive = not fault.is_ambiguous or await self._is_alive(deadline.left_s(PROBE_TIMEOUT_S))
            error = error_of(fault, request, self._url, deadline.timeout_s, is_alive=is_alive)
            if says_not_ready(request, error):
                return False  # pyright: ignore[reportReturnType]  # IsReady is a Request[bool]
            raise error from exc
        return decode(request, answer, self._url)

    async def close(self) -> None:
        await self._channels.close()

    async def _call(self, request: Request[Any], timeout_s: float | None) -> Any:
        method, message = encode(request)
        channel = self._channels.opened() or await self._channels.open()
        try:
            return await getattr(channel.stub, method)(message, timeout=timeout_s, metadata=self._metadata)
        except grpc.aio.UsageError as exc:  # it was closed since
            raise faults.closed() from exc
        except asyncio.CancelledError as exc:
            # Closing the channel cancels its calls, which is not what cancelling the task is.
            if self._channels.is_closed and not _is_task_cancelled():
                raise faults.closed() from exc
            raise

    def _open_channel(self) -> _Channel:
        channel = open_channel(self._connection, grpc.aio)
        return _Channel(channel, GRPCInferenceServiceStub(channel))

    async def _is_alive(self, timeout_s: float) -> bool:
        try:
            await self._call(IsReady(), timeout_s)
        except grpc.RpcError as exc:
            return fault_of(exc).is_an_answer
        return True

"""What the client asks of a transport."""

from __future__ import annotations

from typing import Protocol, TypeVar

from sightline._deadline import Deadline
from sightline._requests import Request

Answer = TypeVar("Answer")


class Transport(Protocol):
    """One protocol to one server. Safe to be used by many threads; raises errors of `sightline.errors` only."""

    def send(self, request: Request[Answer], deadline: Deadline) -> Answer:
        """Return the server's answer, or raise before the deadline is over."""
        ...

    def close(self) -> None:
        """Close every connection; later calls raise `SightlineError`."""
        ...


class AsyncTransport(Protocol):
    """One protocol to one server. Safe to be used by many event loops; raises errors of `sightline.errors` only."""

    async def send(self, request: Request[Answer], deadline: Deadline) -> Answer:
        """Return the server's answer, or raise before the deadline is over."""
        ...

    async def close(self) -> None:
        """Close every connection; later calls raise `SightlineError`."""
        ...

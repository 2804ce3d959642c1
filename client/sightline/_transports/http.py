"""HTTP for threads, carried by urllib3."""

from __future__ import annotations

from typing import TypeVar

import urllib3
from urllib3 import exceptions as wire

from sightline._connection import Connection
from sightline._deadline import Deadline
from sightline._http_deadline import DeadlineHTTPConnection, DeadlineHTTPSConnection
from sightline._requests import Request
from sightline._transports import faults
from sightline._transports.http_wire import HTTPAnswer, decode, encode
from sightline.errors import ConnectionFailed, RequestTimeout, SightlineError

Answer = TypeVar("Answer")

_IDLE_CONNECTIONS = 32

# The first class that fits is taken, so a subclass stands before its base.
_EXCEPTIONS: tuple[tuple[type[Exception], type[SightlineError]], ...] = (
    (wire.NewConnectionError, ConnectionFailed),
    (wire.ConnectTimeoutError, RequestTimeout),
    (wire.ReadTimeoutError, RequestTimeout),
    (wire.ClosedPoolError, SightlineError),
    (wire.HTTPError, ConnectionFailed),
)


# urllib3's own connections do not fit its protocol of one either.
class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = DeadlineHTTPConnection  # pyright: ignore[reportAssignmentType]


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = DeadlineHTTPSConnection  # pyright: ignore[reportAssignmentType]


class HTTPTransport:
    """Speaks with one server over HTTP or HTTPS; connections are kept and shared by all threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        host, port = connection.endpoint.host, connection.endpoint.port
        if connection.tls is None:
            self._pool = _HTTPPool(host, port, maxsize=_IDLE_CONNECTIONS, block=False)
        else:
            self._pool = _HTTPSPool(
                host, port, maxsize=_IDLE_CONNECTIONS, block=False, ssl_context=connection.tls.context()
            )

    def send(self, request: Request[Answer], deadline: Deadline) -> Answer:
        url, timeout_s = self._connection.url, deadline.timeout_s
        try:
            answer = self._exchange(request, deadline)
        except wire.HTTPError as exc:
            raise translate(exc, url, request.model_name, timeout_s) from exc
        return decode(request, answer, url, timeout_s)

    def close(self) -> None:
        self._pool.close()

    def _exchange(self, request: Request[Answer], deadline: Deadline) -> HTTPAnswer:
        message = encode(request)
        response = self._pool.urlopen(
            message.method,
            self._connection.endpoint.path + message.path,
            body=message.body,
            headers={**self._connection.headers, **message.headers},
            timeout=urllib3.Timeout(total=deadline.remaining_s()),
            retries=False,
            redirect=False,
        )
        return HTTPAnswer(response.status, response.reason, response.headers, response.data)


def translate(exc: wire.HTTPError, url: str, model: str | None, timeout_s: float | None) -> SightlineError:
    """Return our error for one of urllib3's."""
    kind = next(ours for theirs, ours in _EXCEPTIONS if isinstance(exc, theirs))
    if kind is RequestTimeout:
        return faults.no_answer_in_time(url, timeout_s, model=model, status=None)
    if kind is ConnectionFailed:
        # urllib3 puts the object's address first: "HTTPConnection(host=…): Failed to establish …".
        reason = str(exc).rpartition("): ")[2]
        return faults.no_answer(url, reason, model=model, was_refused=isinstance(exc.__cause__, ConnectionRefusedError))
    return faults.closed()

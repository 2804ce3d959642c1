"""HTTP for threads, over the connections of the standard library.

urllib3 would carry it too, but takes a tenth of a millisecond more for each request, which is more than everything
else in this client together.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import weakref
from collections import deque
from typing import Any, TypeVar, cast

from sightline._connection import Connection
from sightline._deadline import Deadline
from sightline._http_deadline import DeadlineResponse
from sightline._requests import Request
from sightline._transports import faults
from sightline._transports.http_wire import HTTPAnswer, HTTPRequest, decode, encode
from sightline._url import Endpoint
from sightline.errors import SightlineError

Answer = TypeVar("Answer")

_IDLE_CONNECTIONS = 32


class HTTPTransport:
    """Speaks with one server over HTTP or HTTPS; connections are kept and shared by all threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._url = connection.url
        self._tls = None if connection.tls is None else connection.tls.context
        # Appending and popping are atomic; None stands for a client that was closed.
        self._idle: deque[http.client.HTTPConnection] | None = deque()
        # Where nobody closes the client, its end, or that of the program, does.
        self._closing = weakref.finalize(self, _close_all, self._idle)

    def send(self, request: Request[Answer], deadline: Deadline) -> Answer:
        message = encode(request)
        carrier = self._take(deadline)
        try:
            answer = self._exchange(carrier, message, deadline)
        except (OSError, http.client.HTTPException) as exc:
            raise translate(exc, self._url, request.model_name, deadline.timeout_s) from exc
        return decode(request, answer, self._url, deadline.timeout_s)

    def close(self) -> None:
        self._idle = None
        self._closing()

    def _exchange(self, carrier: http.client.HTTPConnection, message: HTTPRequest, deadline: Deadline) -> HTTPAnswer:
        is_whole = False
        headers = {**self._connection.headers, **message.headers}
        try:
            sock = self._connected(carrier, deadline)
            # A server that answers before it has read everything may close its side: what it says is read all the same.
            with contextlib.suppress(BrokenPipeError):
                carrier.request(message.method, self._connection.endpoint.path + message.path, message.body, headers)
            sock.settimeout(deadline.remaining_s())
            response = carrier.getresponse()
            answer = HTTPAnswer(response.status, response.reason, cast(Any, response.headers), response.read())
            is_whole = True
            return answer
        finally:
            self._give_back(carrier, is_whole=is_whole)

    def _take(self, deadline: Deadline) -> http.client.HTTPConnection:
        """Return a connection that the server kept open, or one that is still to be opened."""
        while True:
            idle = self._idle
            if idle is None:
                raise faults.closed()
            try:
                carrier = idle.pop()
            except IndexError:
                return self._open()
            if not _was_ended(carrier):
                return carrier
            carrier.close()

    def _give_back(self, carrier: http.client.HTTPConnection, *, is_whole: bool) -> None:
        idle = self._idle
        # What is left of a broken answer must not meet the next request.
        if is_whole and carrier.sock is not None and idle is not None and len(idle) < _IDLE_CONNECTIONS:
            idle.append(carrier)
            if self._idle is None:  # closed meanwhile
                carrier.close()
        else:
            carrier.close()

    def _open(self) -> http.client.HTTPConnection:
        carrier = http.client.HTTPConnection(self._connection.endpoint.host, self._connection.endpoint.port)
        carrier.response_class = DeadlineResponse
        return carrier

    def _connected(self, carrier: http.client.HTTPConnection, deadline: Deadline) -> socket.socket:
        if carrier.sock is None:
            carrier.sock = _connect(self._connection.endpoint, self._tls, deadline)
        sock = cast(socket.socket, carrier.sock)
        sock.settimeout(deadline.remaining_s())
        return sock


def _close_all(idle: deque[http.client.HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


def _connect(endpoint: Endpoint, tls: ssl.SSLContext | None, deadline: Deadline) -> socket.socket:
    """Return a connection to the first address of a host that takes one; all of them share the time that is left."""
    failure = OSError(f"{endpoint.host} has no address")
    for *_, address in socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM):
        try:
            sock = socket.create_connection(cast("tuple[str, int]", address[:2]), timeout=deadline.remaining_s())
        except OSError as exc:
            failure = exc
            continue
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(deadline.remaining_s())
            return sock if tls is None else tls.wrap_socket(sock, server_hostname=endpoint.host)
        except BaseException:
            sock.close()
            raise
    raise failure


def _was_ended(carrier: http.client.HTTPConnection) -> bool:
    """Return whether the server ended an idle connection: then there is something to read, the end."""
    poll = select.poll()
    poll.register(cast(socket.socket, carrier.sock), select.POLLIN)
    return bool(poll.poll(0))


def translate(
    exc: OSError | http.client.HTTPException, url: str, model: str | None, timeout_s: float | None
) -> SightlineError:
    """Return our error for one of the standard library's."""
    if isinstance(exc, TimeoutError):
        return faults.no_answer_in_time(url, timeout_s, model=model, status=None)
    was_refused = isinstance(exc, ConnectionRefusedError)
    return faults.no_answer(url, str(exc) or type(exc).__name__, model=model, was_refused=was_refused)

"""HTTP answers whose time limit covers all of them, not each read.

The timeout of a socket starts again with every read, so a server that drips header lines, or the body, never exceeds
it. Here each read is given what is left.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a point in time, then raises `TimeoutError`."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, timeout_s: float) -> None:
        self._raw = raw
        self._sock = sock
        self._end = time.monotonic() + timeout_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._end - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class DeadlineResponse(http.client.HTTPResponse):
    """An answer that must be there, to its last byte, within the timeout that its socket has at the start.

    It is the `response_class` of a connection.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        timeout_s = sock.gettimeout()
        if timeout_s is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_DeadlineReader(raw, sock, timeout_s))


class DeadlineHTTPConnection(HTTPConnection):
    """A connection for `urllib3.HTTPConnectionPool.ConnectionCls`; the pool's total timeout is the limit."""

    response_class = DeadlineResponse


class DeadlineHTTPSConnection(HTTPSConnection):
    """A connection for `urllib3.HTTPSConnectionPool.ConnectionCls`; the pool's total timeout is the limit."""

    response_class = DeadlineResponse

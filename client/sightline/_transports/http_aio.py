"""HTTP for event loops, carried by aiohttp."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import aiohttp
from yarl import URL

from sightline._connection import Connection
from sightline._deadline import Deadline
from sightline._requests import Request
from sightline._transports import faults
from sightline._transports.http_wire import HTTPAnswer, decode, encode
from sightline._transports.per_loop import PerLoop
from sightline.errors import SightlineError

Answer = TypeVar("Answer")


class AsyncHTTPTransport:
    """Speaks with one server over HTTP or HTTPS; each event loop has connections of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._url = connection.url
        self._tls = None if connection.tls is None else connection.tls.context
        self._sessions = PerLoop(self._open_session, aiohttp.ClientSession.close)

    async def send(self, request: Request[Answer], deadline: Deadline) -> Answer:
        try:
            answer = await self._exchange(request, deadline)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as exc:
            raise translate(exc, self._url, request.model_name, deadline.timeout_s) from exc
        return decode(request, answer, self._url, deadline.timeout_s)

    async def close(self) -> None:
        await self._sessions.close()

    async def _exchange(self, request: Request[Answer], deadline: Deadline) -> HTTPAnswer:
        message = encode(request)
        session = self._sessions.opened() or await self._sessions.open()
        async with session.request(
            message.method,
            # The path is quoted already; the address is taken as it was given.
            URL(f"{self._url}{message.path}", encoded=True),
            data=message.body,
            headers=message.headers,
            timeout=aiohttp.ClientTimeout(total=deadline.remaining_s()),
            allow_redirects=False,
        ) as response:
            return HTTPAnswer(response.status, response.reason, response.headers, await response.read())

    def _open_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=True if self._tls is None else self._tls)
        # Tensors do not shrink enough to be worth the time.
        headers = {"Accept-Encoding": "identity", **self._connection.headers}
        return aiohttp.ClientSession(connector=connector, headers=headers, cookie_jar=aiohttp.DummyCookieJar())


def translate(
    exc: aiohttp.ClientError | OSError | asyncio.TimeoutError, url: str, model: str | None, timeout_s: float | None
) -> SightlineError:
    """Return our error for one of aiohttp's, or of the sockets below it."""
    # Before OSError, which TimeoutError is since Python 3.11.
    if isinstance(exc, (asyncio.TimeoutError, TimeoutError)):
        return faults.no_answer_in_time(url, timeout_s, model=model, status=None)
    reason = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else exc
    was_refused = isinstance(reason, ConnectionRefusedError)
    return faults.no_answer(url, str(reason) or type(exc).__name__, model=model, was_refused=was_refused)

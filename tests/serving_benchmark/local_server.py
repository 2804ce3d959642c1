"""A tiny HTTP server on asyncio, in a thread, that answers as it is told."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

Respond = Callable[[bytes], list[bytes]]
"""From the body of a request to the pieces of the answer, which are written one by one; none: it hangs up."""

_Started = tuple[asyncio.AbstractEventLoop, asyncio.Event, int]


def with_length(body: bytes) -> list[bytes]:
    return [b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body]


def in_chunks(body: bytes) -> list[bytes]:
    half = len(body) // 2
    chunks = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (body[:half], body[half:]) if chunk]
    return [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n"]


@contextmanager
def serving(respond: Respond) -> Generator[int]:
    """The port, while it is served."""
    started: queue.Queue[_Started] = queue.Queue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(respond, started)))
    thread.start()
    loop, ended, port = started.get()
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


async def _serve(respond: Respond, started: queue.Queue[_Started]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while pieces := respond(await _body(reader)):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    ended = asyncio.Event()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    started.put((asyncio.get_running_loop(), ended, server.sockets[0].getsockname()[1]))
    await ended.wait()
    server.close()


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    return await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))

"""The same toy repository that the tests of the client use, and servers that misbehave on the wire."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest


@pytest.fixture
def silent() -> Iterator[str]:
    """Address of a listener that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def dripping() -> Iterator[Callable[[str], str]]:
    """`dripping(part)` is the address of a listener that would need a minute for the headers, or the body."""
    ended = threading.Event()
    with ExitStack() as stack:

        def start(part: str) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=_drip, args=(listener, part, ended))
            thread.start()
            stack.callback(thread.join)
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return f"127.0.0.1:{listener.getsockname()[1]}"

        yield start
        ended.set()


def _drip(listener: socket.socket, part: str, ended: threading.Event) -> None:
    drop = b"x" if part == "body" else b"X-Drop: 1\r\n"
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n")
                if part == "body":
                    connection.sendall(b"\r\n")
                for _ in range(600):
                    connection.sendall(drop)
                    if ended.wait(0.1):
                        break


@pytest.fixture
def hanging_up() -> Iterator[str]:
    """Address of a listener that reads a little of what it is sent, then closes the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_until_closed() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(16)

        thread = threading.Thread(target=serve_until_closed)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()

"""The same toy repository that the tests of the client use, and servers that misbehave on the wire."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest


@pytest.fixture
def silent() -> Iterator[str]:
    """Address of a listener that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def dripping() -> Iterator[str]:
    """Address of a listener that answers a byte at a time and would need a minute for all of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def drip_until_closed() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n")
                    for _ in range(600):
                        connection.sendall(b"x")
                        if ended.wait(0.1):
                            break

        thread = threading.Thread(target=drip_until_closed)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        ended.set()
        listener.close()
        thread.join()


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

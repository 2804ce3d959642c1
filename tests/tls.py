"""TLS for the tests: certificates that are made at run time, and a proxy that ends TLS in front of any plain server."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import trustme

CHUNK_BYTES = 1 << 16
GOODBYE_S = 2
PROTOCOLS = ["h2", "http/1.1"]  # the first is taken where a client offers both, as gRPC does


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own and what it signed; the files are PEM."""

    ca_file: Path
    server_certificate: trustme.LeafCert
    """For localhost and 127.0.0.1."""
    client_certificate_file: Path
    client_key_file: Path
    untrusted_ca_file: Path
    """Another authority, which signed nothing."""


def make_authority(directory: Path) -> Authority:
    """Makes new keys and certificates; the files are written into `directory`, which must exist."""
    authority = trustme.CA()
    client = authority.issue_cert("client@sightline.test")
    made = Authority(
        ca_file=directory / "ca.pem",
        server_certificate=authority.issue_cert("localhost", "127.0.0.1"),
        client_certificate_file=directory / "client.pem",
        client_key_file=directory / "client.key",
        untrusted_ca_file=directory / "untrusted-ca.pem",
    )
    authority.cert_pem.write_to_path(made.ca_file)
    client.cert_chain_pems[0].write_to_path(made.client_certificate_file)
    client.private_key_pem.write_to_path(made.client_key_file)
    trustme.CA().cert_pem.write_to_path(made.untrusted_ca_file)
    return made


@contextlib.contextmanager
def tls_proxy(target: str, *, authority: Authority, require_client_certificate: bool = False) -> Generator[str]:
    """Ends TLS in front of the plain server at `target`, "host:port", and gives the address of the proxy.

    It serves `https://` in front of an HTTP port and `grpcs://` in front of a gRPC port. At the end every connection
    is cut. With `require_client_certificate`, only clients with a certificate of the authority come through.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(PROTOCOLS)
    authority.server_certificate.configure_cert(context)
    if require_client_certificate:
        context.load_verify_locations(authority.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    proxy = _Proxy(target, context)
    thread = threading.Thread(target=proxy.run, name=f"TLS in front of {target}")
    thread.start()
    try:
        yield f"127.0.0.1:{proxy.port.result()}"
    finally:
        proxy.stop()
        thread.join()


class _Proxy:
    def __init__(self, target: str, context: ssl.SSLContext) -> None:
        self.port: Future[int] = Future()
        self._host, _, port = target.rpartition(":")
        self._target_port = int(port)
        self._context = context
        self._ended = threading.Event()
        self._wake: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._connections: set[asyncio.Task[None]] = set()

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self.port.done():
                raise
            self.port.set_exception(error)

    def stop(self) -> None:
        if self.port.exception() is None:
            loop, end = self._wake.result()
            loop.call_soon_threadsafe(end.set)

    async def _serve(self) -> None:
        end = asyncio.Event()
        self._wake.set_result((asyncio.get_running_loop(), end))
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._context)
        self.port.set_result(server.sockets[0].getsockname()[1])
        await end.wait()
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        # a connection that is cut is what some tests are about
        with contextlib.suppress(OSError, asyncio.CancelledError):
            async with _closing(writer):
                upstream_reader, upstream = await asyncio.open_connection(self._host, self._target_port)
                async with _closing(upstream):
                    await _first_of(_copy(reader, upstream), _copy(upstream_reader, writer))
        self._connections.discard(task)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()


async def _first_of(*copies: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(copy) for copy in copies]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncGenerator[None]:
    """Says goodbye when the connection ended by itself, and cuts it when it did not or nobody answers the goodbye."""
    try:
        yield
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), GOODBYE_S)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

"""How requests travel: for each protocol its words (`…_wire`), and who carries them, blocking or awaited."""

from __future__ import annotations

from sightline._connection import Connection
from sightline._transports.base import AsyncTransport, Transport


def open_transport(connection: Connection) -> Transport:
    """Return the blocking transport for the scheme of the address; nothing is sent yet."""
    if connection.endpoint.is_grpc:
        from sightline._transports.grpc import GRPCTransport

        return GRPCTransport(connection)
    from sightline._transports.http import HTTPTransport

    return HTTPTransport(connection)


def open_async_transport(connection: Connection) -> AsyncTransport:
    """Return the awaited transport for the scheme of the address; nothing is sent yet."""
    if connection.endpoint.is_grpc:
        from sightline._transports.grpc_aio import AsyncGRPCTransport

        return AsyncGRPCTransport(connection)
    from sightline._transports.http_aio import AsyncHTTPTransport

    return AsyncHTTPTransport(connection)

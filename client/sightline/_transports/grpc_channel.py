"""What a gRPC channel is opened with, and what its failures hold; shared by both transports."""

from __future__ import annotations

from typing import Any, cast

import grpc

from sightline._connection import TLS, Connection
from sightline._transports.grpc_wire import GRPCFault

PROBE_TIMEOUT_S = 2.0

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_send_message_length", 2**31 - 1),
    ("grpc.max_receive_message_length", 2**31 - 1),
    # Each client has its own connection, so that one that failed does not make a new client wait with it.
    ("grpc.use_local_subchannel_pool", 1),
    # A server that comes back is found within a second; gRPC's own limit is two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
)


def open_channel(connection: Connection, grpc_module: Any) -> Any:
    """Return a channel of `grpc_module`: `grpc` for threads, `grpc.aio` for an event loop."""
    authority = connection.endpoint.authority
    if connection.tls is None:
        return grpc_module.insecure_channel(authority, options=OPTIONS)
    return grpc_module.secure_channel(authority, _credentials(connection.tls), options=OPTIONS)


def metadata_of(connection: Connection) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in connection.headers.items())


def fault_of(exc: grpc.RpcError) -> GRPCFault:
    """Return what gRPC's exception holds."""
    call = cast(Any, exc)
    trailers = {str(key): value for key, value in call.trailing_metadata() or ()}
    return GRPCFault(call.code().name, str(call.details() or ""), trailers.get("retry-after"))


def _credentials(tls: TLS) -> Any:
    # Without a root of our own gRPC trusts a list that it carries.
    return grpc.ssl_channel_credentials(tls.ca_pem, tls.key_pem, tls.certificate_pem)

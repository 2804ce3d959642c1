"""How calls travel: one file per protocol behind one interface; nothing else imports tritonclient."""

from __future__ import annotations

from collections.abc import Mapping

from sightline._transports.base import Transport
from sightline._url import Endpoint


def open_transport(endpoint: Endpoint, headers: Mapping[str, str]) -> Transport:
    """Return the transport for the scheme of `endpoint`; nothing is sent yet."""
    if endpoint.is_grpc:
        from sightline._transports.grpc import GRPCTransport

        return GRPCTransport(endpoint, headers)
    from sightline._transports.http import HTTPTransport

    return HTTPTransport(endpoint, headers)

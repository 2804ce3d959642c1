"""The address of a server, as a value."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from sightline.errors import InvalidRequest

DEFAULT_URL = "http://localhost:8000"
URL_VARIABLE = "SIGHTLINE_URL"

_DEFAULT_PORTS = {"http": 8000, "https": 8000, "grpc": 8001, "grpcs": 8001}
_EXPECTED = "expected http://HOST[:8000], https://HOST[:8000], grpc://HOST[:8001] or grpcs://HOST[:8001]"


@dataclass(frozen=True)
class Endpoint:
    """Where a server listens, and the protocol to speak with it."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def is_grpc(self) -> bool:
        return self.scheme.startswith("grpc")

    @property
    def is_encrypted(self) -> bool:
        return self.scheme.endswith("s")

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_url(url: str | None) -> Endpoint:
    """Return the endpoint that `url` names; None means the SIGHTLINE_URL variable, or else the default address."""
    if url is None:
        url = os.environ.get(URL_VARIABLE) or DEFAULT_URL
    try:
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, AttributeError, TypeError) as exc:
        raise InvalidRequest(f"{_EXPECTED}, got {url!r} ({exc}); correct the URL") from exc
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise InvalidRequest(f"{_EXPECTED}, got {url!r}; correct the URL")
    if parts.username is not None or parts.password is not None:
        # The URL is not repeated: it holds a password.
        raise InvalidRequest(f"{_EXPECTED}, got one with a user name; pass credentials with headers=")
    if parts.query or parts.fragment:
        raise InvalidRequest(f"{_EXPECTED}, got {url!r}; remove what follows '?' or '#'")
    if not _is_host(parts.hostname):
        raise InvalidRequest(f"{_EXPECTED}, got a host that no name server knows, {parts.hostname!r}; correct the URL")
    path = parts.path.rstrip("/")
    if path and scheme.startswith("grpc"):
        raise InvalidRequest(f"{_EXPECTED}, got {url!r}; remove the path, gRPC has none")
    path = quote(path, safe="/%:@!$&'()*+,;=~")
    return Endpoint(scheme, parts.hostname, _DEFAULT_PORTS[scheme] if port is None else port, path)


def _is_host(host: str) -> bool:
    """Return whether a host may have an address; what cannot be written in DNS would fail in other ways later."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return not any(each.isspace() for each in host)

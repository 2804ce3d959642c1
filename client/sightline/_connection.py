"""How a server is reached: its address, what is sent along with every request, and whom to trust."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from sightline._url import Endpoint, parse_url
from sightline.errors import InvalidRequest

PathLike = str | os.PathLike[str]

_HEADER_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_OWN_HEADERS = frozenset({"content-type", "content-length", "transfer-encoding", "inference-header-content-length"})


@dataclass(frozen=True)
class TLS:
    """Whom to trust and how to show who we are, read from its files once; None leaves it to the system, or out."""

    context: ssl.SSLContext
    ca_pem: bytes | None = None
    certificate_pem: bytes | None = None
    key_pem: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Connection:
    """Everything that a transport needs to know before the first request."""

    endpoint: Endpoint
    headers: Mapping[str, str] = field(repr=False)
    tls: TLS | None = None

    @property
    def url(self) -> str:
        return str(self.endpoint)


def make_connection(
    url: str | None,
    *,
    headers: Mapping[str, str] | None = None,
    api_key: str | None = None,
    ca_file: PathLike | None = None,
    certificate_file: PathLike | None = None,
    key_file: PathLike | None = None,
) -> Connection:
    """Return the checked settings, or raise `InvalidRequest` for those that cannot work."""
    endpoint = parse_url(url)
    files = {"ca_file": ca_file, "certificate_file": certificate_file, "key_file": key_file}
    given = {name: Path(path) for name, path in files.items() if path is not None}
    if given and not endpoint.is_encrypted:
        raise InvalidRequest(
            f"expected an encrypted address for {', '.join(given)}, got {endpoint}; use https:// or grpcs://"
        )
    tls = _checked_tls(given) if endpoint.is_encrypted else None
    return Connection(endpoint, _checked_headers(headers or {}, api_key), tls)


def _checked_tls(given: Mapping[str, Path]) -> TLS:
    if "key_file" in given and "certificate_file" not in given:
        raise InvalidRequest("expected certificate_file beside key_file, got a key alone; pass both")
    ca_file, certificate_file = given.get("ca_file"), given.get("certificate_file")
    key_file = given.get("key_file", certificate_file)
    for name, path in given.items():
        if not path.is_file():
            raise InvalidRequest(f"expected {name} to be a file, got {str(path)!r}; check the path")
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if certificate_file is not None:
            context.load_cert_chain(certificate_file, key_file)
        return TLS(context, _read(ca_file), _read(certificate_file), _read(key_file))
    except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
        shown = ", ".join(f"{name}={str(path)!r}" for name, path in given.items())
        raise InvalidRequest(f"expected certificates in PEM form, got {shown} ({exc}); check the files") from exc


def _read(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


def _checked_headers(headers: Mapping[str, str], api_key: str | None) -> dict[str, str]:
    for name, value in cast("Mapping[object, object]", headers).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidRequest(f"expected headers as text, got {name!r} as {type(value).__name__}; convert it to str")
        if name.lower().endswith("-bin"):
            raise InvalidRequest(f"expected a header of text, got {name!r}, which gRPC keeps for bytes; rename it")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            # The value is not repeated: it may be a key.
            raise InvalidRequest(f"expected a header of printable ASCII on one line, got {name!r}; correct it")
        if name.lower() in _OWN_HEADERS:
            raise InvalidRequest(f"expected headers of your own, got {name!r}, which the client sets; leave it out")
    if api_key is None:
        return dict(headers)
    if any(name.lower() == "authorization" for name in headers):
        raise InvalidRequest("expected api_key or a header 'Authorization', got both; leave one of them out")
    if not api_key or not _HEADER_VALUE.fullmatch(api_key):
        raise InvalidRequest("expected api_key to be printable ASCII on one line, got something else; correct it")
    return {**headers, "Authorization": f"Bearer {api_key}"}

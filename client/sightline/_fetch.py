"""Pictures from the web: fetched here, within limits of time and size, so that the server never opens an address.

Whatever goes wrong is the picture's fault and an `ImageError`: the inference server was not asked yet.
"""

from __future__ import annotations

import os
import ssl
import time
from base64 import b64encode
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote_to_bytes, urljoin

import urllib3
from urllib3 import exceptions as wire
from urllib3.util import Url, parse_url

from sightline._fetch_faults import DOWNLOAD_IT, shown, status_advice, too_large, too_slow, unreachable
from sightline._http_deadline import DeadlineHTTPConnection, DeadlineHTTPSConnection
from sightline.errors import ImageError

MAX_DOWNLOAD_BYTES = 64 * 1024 * 1024
MAX_REDIRECTS = 5

_READ_SIZE = 1 << 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "sightline"}


def fetch(url: str, *, timeout_s: float | None) -> bytes:
    """Return what is at an http(s) address, or raise `ImageError`.

    `timeout_s` is for the whole download with its redirects, except the operating system's search for the host name.
    A user name and password in the address are sent as basic authentication, to its own host only.
    """
    end = None if timeout_s is None else time.monotonic() + timeout_s
    here = _parse(url)
    login = here.auth
    for _ in range(MAX_REDIRECTS + 1):
        left_s = None if end is None else end - time.monotonic()
        if left_s is not None and left_s <= 0:
            raise too_slow(here, timeout_s)
        try:
            answer = _get(here, login, left_s)
        except wire.HTTPError as exc:
            # NewConnectionError, "connection refused", is among urllib3's timeouts
            slow = isinstance(exc, wire.TimeoutError) and not isinstance(exc, wire.NewConnectionError)
            raise (too_slow(here, timeout_s) if slow else unreachable(here, exc)) from exc
        if isinstance(answer, bytes):
            return answer
        there = _redirected(here, answer)
        login = login if _origin(there) == _origin(here) else None
        here = there
    raise ImageError(
        f"expected a picture after at most {MAX_REDIRECTS} redirects, got more from {shown(_parse(url))}; {DOWNLOAD_IT}"
    )


def _parse(url: str) -> Url:
    try:
        parsed = parse_url(url)
    except wire.LocationParseError:
        parsed = Url()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        # Neither the address nor the error is repeated: what cannot be read may hold a password.
        raise ImageError("expected http(s)://HOST[:PORT]/PATH, got an address that cannot be read; correct it")
    return parsed


def _get(url: Url, login: str | None, timeout_s: float | None) -> bytes | str:
    """The body, or where to go instead."""
    with _pool(url) as pool:
        response = pool.urlopen(
            "GET",
            url.request_uri,
            headers=_HEADERS | ({"Authorization": _basic(login)} if login else {}),
            timeout=urllib3.Timeout(total=timeout_s),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            location = response.headers.get("Location")
            if response.status in _REDIRECTS and location:
                return location
            _check(url, response)
            return _read(url, response)
        finally:
            response.close()  # with it goes what was not read


def _basic(login: str) -> str:
    return f"Basic {b64encode(unquote_to_bytes(login)).decode()}"


def _pool(url: Url) -> urllib3.HTTPConnectionPool:
    if url.scheme == "http":
        pool = urllib3.HTTPConnectionPool(str(url.host), url.port)
        pool.ConnectionCls = cast(Any, DeadlineHTTPConnection)
    else:
        tls = _tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        pool = urllib3.HTTPSConnectionPool(str(url.host), url.port, ssl_context=tls)
        pool.ConnectionCls = cast(Any, DeadlineHTTPSConnection)
    return pool


@lru_cache(maxsize=1)
def _tls_context(_file: str | None, _directory: str | None) -> ssl.SSLContext:
    """Made once, as reading the trusted certificates takes long; the variables that OpenSSL reads are the key."""
    return ssl.create_default_context()


def _check(url: Url, response: urllib3.BaseHTTPResponse) -> None:
    status = response.status
    if status != 200:
        raise ImageError(
            f"expected a picture at {shown(url)}, got status {status} {response.reason or ''}".rstrip()
            + f"; {status_advice(status)}",
            status=str(status),
        )
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise ImageError(
            f"expected a picture at {shown(url)}, got an HTML page ({kind}); pass the address of the picture itself"
        )
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise ImageError(
            f"expected the bytes of a picture at {shown(url)}, got them as {coding}, unasked; {DOWNLOAD_IT}"
        )
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > MAX_DOWNLOAD_BYTES:
        raise too_large(url, MAX_DOWNLOAD_BYTES, f"{int(length)} bytes")


def _read(url: Url, response: urllib3.BaseHTTPResponse) -> bytes:
    data = bytearray()
    while part := response.read(_READ_SIZE):
        data += part
        if len(data) > MAX_DOWNLOAD_BYTES:
            raise too_large(url, MAX_DOWNLOAD_BYTES, "more")
    return bytes(data)


def _redirected(here: Url, location: str) -> Url:
    # http.client reads headers as Latin-1, while servers write addresses in UTF-8
    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        there = parse_url(urljoin(here.url, location))
    except (wire.LocationParseError, ValueError):
        there = Url()
    if there.scheme not in ("http", "https") or not there.host:
        raise ImageError(
            f"expected {shown(here)} to lead to an http(s) address, got a redirect to {there.scheme or 'nowhere'}; "
            f"{DOWNLOAD_IT}"
        )
    return there


def _origin(url: Url) -> tuple[str | None, str | None, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)

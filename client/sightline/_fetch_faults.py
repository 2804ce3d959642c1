"""Why a picture could not be fetched, in words; no message holds a password or a query."""

from __future__ import annotations

from urllib3 import exceptions as wire
from urllib3.util import Url

from sightline.errors import ImageError

DOWNLOAD_IT = "download the picture another way and pass its bytes"


def too_slow(url: Url, timeout_s: float | None) -> ImageError:
    within = "in time" if timeout_s is None else f"within {timeout_s:.3g} s"
    return ImageError(
        f"expected the picture at {shown(url)} {within}, got no end of it; its host is slow, the inference server was "
        f"not asked yet; raise `timeout`, or {DOWNLOAD_IT}"
    )


def unreachable(url: Url, exc: wire.HTTPError) -> ImageError:
    # urllib3 puts the object's address first: "HTTPConnection(host=…): Failed to establish …".
    reason = str(exc).rpartition("): ")[2] or type(exc).__name__
    advice = "check the address"
    if isinstance(exc, wire.SSLError):
        advice = f"name a private authority's file in SSL_CERT_FILE, or {DOWNLOAD_IT}"
    return ImageError(
        f"expected a picture at {shown(url)}, got no whole answer from its host: {reason}; "
        f"the inference server was not asked yet; {advice}"
    )


def too_large(url: Url, limit: int, got: str) -> ImageError:
    return ImageError(f"expected at most {limit} bytes ({limit >> 20} MiB) from {shown(url)}, got {got}; {DOWNLOAD_IT}")


def status_advice(status: int) -> str:
    if status in (401, 403, 407):
        return f"its host refuses access: {DOWNLOAD_IT}"
    if status == 429 or status >= 500:
        return "its host is busy or broken: try again later"
    return "check the address"


def shown(url: Url) -> str:
    """The address for a message: without password, and without a query, which may hold a signature."""
    text = f"{url.scheme}://{url.netloc}{url.path or ''}"
    return repr((text if len(text) <= 200 else f"{text[:200]}…") + ("?…" if url.query else ""))

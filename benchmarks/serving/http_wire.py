"""HTTP/1.1 as the load generator speaks it: requests made before the clock starts, answers cut out of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HEAD_END = b"\r\n\r\n"


class WireError(ValueError):
    """The bytes are no answer of HTTP/1.1 that can be followed."""


@dataclass(frozen=True)
class Answer:
    """One answer. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes of a POST request over a connection that stays open.

    >>> post("/predict", b"...", {"Content-Type": "image/jpeg"}).splitlines()[0]
    b'POST /predict HTTP/1.1'
    """
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + HEAD_END + body


def answer_end(received: bytes | bytearray) -> int | None:
    """Where the first answer in a stream ends; None while bytes of it are missing.

    Raises:
        WireError: it says neither how long it is nor that it comes in chunks, so that its end can't be known.
    """
    head_end = received.find(HEAD_END)
    if head_end < 0:
        return None
    headers = _headers(bytes(received[:head_end]))
    start = head_end + len(HEAD_END)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        chunks = _chunks(received, start)
        return None if chunks is None else chunks[1]
    length = headers.get("content-length", "")
    if not length.isdecimal():
        raise WireError(f"expected Content-Length or chunks, got {bytes(received[:head_end])!r}")
    end = start + int(length)
    return end if len(received) >= end else None


def parsed(answer: bytes) -> Answer:
    """A whole answer, as `answer_end` delimits it.

    Raises:
        WireError: it is none.
    """
    head, _, rest = answer.partition(HEAD_END)
    words = head.split(b"\r\n", 1)[0].split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise WireError(f"expected the status line of an answer, got {head[:80]!r}")
    headers = _headers(head)
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return Answer(int(words[1]), headers, rest)
    chunks = _chunks(answer, len(head) + len(HEAD_END))
    if chunks is None:
        raise WireError("expected the last chunk of an answer, got none")
    return Answer(int(words[1]), headers, chunks[0])


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _chunks(received: bytes | bytearray, start: int) -> tuple[bytes, int] | None:
    """The body that begins at `start`, and where its last chunk ends; None while bytes are missing."""
    body, at = bytearray(), start
    while (line_end := received.find(b"\r\n", at)) >= 0:
        try:
            size = int(received[at:line_end].partition(b";")[0], 16)
        except ValueError as error:
            raise WireError(f"expected the size of a chunk, got {bytes(received[at:line_end])!r}") from error
        if not size:
            return _after_trailers(received, bytes(body), line_end)
        at = line_end + 2
        if len(received) < at + size + 2:
            return None
        body += received[at : at + size]
        at += size + 2
    return None


def _after_trailers(received: bytes | bytearray, body: bytes, line_end: int) -> tuple[bytes, int] | None:
    """Trailers may follow the empty chunk; an empty line ends the answer."""
    end = received.find(HEAD_END, line_end)
    return None if end < 0 else (body, end + len(HEAD_END))

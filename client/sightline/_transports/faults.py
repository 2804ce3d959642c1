"""The words of our errors, shared by the transports; pure.

Each transport has its own table from foreign exceptions and codes to one of our classes. What follows from the class,
and from Triton's own texts where its codes say too little, is written here once.
"""

from __future__ import annotations

import re

from sightline.errors import (
    ConnectionFailed,
    InferenceFailed,
    InvalidRequest,
    ModelNotFound,
    ModelNotReady,
    RequestTimeout,
    SightlineError,
)

# Triton gives these a code that it also gives to other faults (400, 404, 500, UNKNOWN, NOT_FOUND, INTERNAL). A model
# that is being loaded for the first time "has no available versions".
_NOT_READY = re.compile(
    r"Model version not ready|is not at ready state|has no available versions|Stub process .* is not healthy"
)
_RESTRICTED = re.compile(r"This (?:API|protocol) is restricted")

# Our own backends say what to do themselves.
_ADVISED = re.compile(r"\bexpected .+, got .+; .+")
_PREFIX = re.compile(r"^(?:in ensemble '[^']*', |\[request id: [^\]]*\] )+")
_TRACEBACK = re.compile(r"\s*\n\s*At:\n.*", re.DOTALL)
_REASON_CHARACTERS = 500


def refusal(
    kind: type[SightlineError],
    text: str,
    *,
    model: str | None,
    status: str,
    url: str,
    is_safe_to_repeat: bool = False,
    retry_after_s: float | None = None,
) -> SightlineError:
    """Return the error for what a server answered with `text`; `kind` is what its code stands for."""
    reason = clean_reason(text)
    asked = f"model {model!r} at {url}" if model else url
    if _NOT_READY.search(reason):
        kind = ModelNotReady
    elif is_restricted(reason):
        kind, is_safe_to_repeat = InvalidRequest, False
    advice = "" if _ADVISED.search(reason) else f"; {_advice(kind, reason)}"
    return kind(
        f"{asked} {_VERBS[kind]}: {reason}{advice}",
        model=model,
        status=status,
        is_safe_to_repeat=is_safe_to_repeat,
        retry_after_s=retry_after_s,
    )


def no_answer(url: str, reason: object, *, model: str | None, was_refused: bool = False) -> ConnectionFailed:
    """Return the error for a server that cannot be reached, or that went away.

    Only a connection that was refused is safe to repeat: one that was lost may have carried the request.
    """
    return ConnectionFailed(
        f"no inference server answers at {url}: {clean_reason(str(reason))}; "
        "start one with `sightline serve`, or give its address with url= or SIGHTLINE_URL",
        model=model,
        is_safe_to_repeat=was_refused,
    )


def no_answer_in_time(url: str, timeout_s: float | None, *, model: str | None, status: str | None) -> RequestTimeout:
    """Return the error for a server that stayed silent until the deadline."""
    limit = "in time" if timeout_s is None else f"within {timeout_s:.3g} s"
    return RequestTimeout(
        f"no answer from {url} {limit}; raise `timeout`, or see whether the server is busy", model=model, status=status
    )


def unreadable(url: str, reason: object, *, model: str | None, status: str | None) -> InferenceFailed:
    """Return the error for an answer that is not in Triton's form."""
    return InferenceFailed(
        f"expected an answer in Triton's form from {url}, got one that cannot be read ({clean_reason(str(reason))}); "
        "check that the address is that of an inference server",
        model=model,
        status=status,
    )


def is_restricted(text: str) -> bool:
    """Return whether a server refused an API that its operator keeps for holders of a key."""
    return _RESTRICTED.search(text) is not None


def parse_retry_after_s(value: str | None) -> float | None:
    """Return the seconds that a `Retry-After` header names; None for none, and for a date, which nobody sends here."""
    return float(value) if value is not None and value.isascii() and value.isdecimal() else None


def closed() -> SightlineError:
    """Return the error for a client that is used after its end."""
    return SightlineError("this client is closed; make a new Client, or leave its `with` block later")


def clean_reason(text: str) -> str:
    """Return a server's message on one line, without the names of steps and the traceback that Triton adds."""
    line = " ".join(_TRACEBACK.sub("", _PREFIX.sub("", text.strip())).split()).rstrip(".;")
    return line if len(line) <= _REASON_CHARACTERS else f"{line[:_REASON_CHARACTERS]}…"


_VERBS: dict[type[SightlineError], str] = {
    ConnectionFailed: "is not an inference server, or lost the one behind it",
    InferenceFailed: "failed",
    InvalidRequest: "refused the request",
    ModelNotFound: "is not served",
    ModelNotReady: "is not ready",
    RequestTimeout: "did not answer in time",
}

_ADVICE: dict[type[SightlineError], str] = {
    ConnectionFailed: "check the address",
    InferenceFailed: "see the log of the server",
    InvalidRequest: "correct the input and send it again",
    ModelNotFound: "`sightline models` lists what is served",
    ModelNotReady: "try again in a moment",
    RequestTimeout: "raise `timeout`, or see whether the server is busy",
}


def _advice(kind: type[SightlineError], reason: str) -> str:
    if is_restricted(reason):
        return "ask the operator for access, and pass the key with headers="
    return _ADVICE[kind]

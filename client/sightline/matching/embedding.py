"""Asking a server for the embeddings that an index lacks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from sightline.errors import (
    ImageError,
    InferenceFailed,
    InvalidRequest,
    ModelNotReady,
    RequestTimeout,
    SightlineError,
)
from sightline.matching.builder import Builder, Embedded
from sightline.matching.stamp import Stamp

if TYPE_CHECKING:
    from sightline._client import Client


def embed_stamped(client: Client, model: str, name: str) -> Embedded:
    """Return the embedding of a picture; it is looked at before it is read, so that a later change is seen as one."""
    stamp = Stamp.of(name)
    return client.embed(name, model=model), stamp


def embed_rest(
    builder: Builder, client: Client, concurrency: int, on_error: Callable[[str, SightlineError], None] | None
) -> None:
    """Add every picture that is left to do.

    Args:
        builder: Where they go.
        client: Asks the server.
        concurrency: How many requests are under way at once.
        on_error: Called for a picture that cannot be embedded; None raises its error.
    """
    left = builder.left_to_do
    task = partial(embed_stamped, client, builder.model)
    outcomes: Any = client.map(left, task, concurrency=concurrency, return_errors=True)
    with closing(outcomes):
        for name, outcome in zip(left, outcomes, strict=True):
            if not isinstance(outcome, SightlineError):
                builder.add(name, *outcome)
            elif on_error is None or not _is_of_one_picture(outcome):
                raise outcome
            else:
                on_error(name, outcome)


def check_still(client: Client, model: str, version: int) -> None:
    """Raise `ModelNotReady` where the server answers with another version than at the start."""
    now = client.model(model).version
    if now != version:
        raise ModelNotReady(
            f"expected version {version} of {model!r} to the end, got version {now}; start again", model=model
        )


def _is_of_one_picture(error: SightlineError) -> bool:
    """Whether the next picture may fare better."""
    if isinstance(error, InvalidRequest):
        return error.status is not None  # the server saw the picture; else the model or an option is wrong
    return isinstance(error, (ImageError, InferenceFailed, RequestTimeout))

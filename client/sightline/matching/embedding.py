"""Asking a server for the embeddings that an index lacks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from sightline._picture_errors import is_of_one_picture
from sightline.errors import SightlineError
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
            elif on_error is None or not is_of_one_picture(outcome):
                raise outcome
            else:
                on_error(name, outcome)

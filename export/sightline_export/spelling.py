"""The names that somebody may have meant who wrote another."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question that names the nearest of the names there are, three at most; empty where none is near.

    >>> did_you_mean("lenett", ["cnn", "lenet", "lenet_network"])
    'did you mean lenet, lenet_network?'
    >>> did_you_mean("painter", ["cnn", "lenet", "lenet_network"])
    ''
    """
    near = get_close_matches(name, list(known), 3)
    return f"did you mean {', '.join(near)}?" if near else ""

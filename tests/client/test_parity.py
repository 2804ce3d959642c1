"""The two clients are one: the same methods, the same parameters, the same kinds of answers."""

import inspect
from typing import Any, get_type_hints

import pytest

from sightline import AsyncClient, Client

METHODS = (
    "classify",
    "detect",
    "segment",
    "embed",
    "generate",
    "enhance",
    "interpolate",
    "explain",
    "map",
    "infer",
    "models",
    "model",
    "is_ready",
    "wait_until_ready",
    "close",
)


def public(client: type) -> dict[str, Any]:
    return {name: member for name, member in vars(client).items() if not name.startswith("_")}


def test_both_have_the_same_public_members() -> None:
    assert list(public(Client)) == list(public(AsyncClient))
    assert set(public(Client)) == {*METHODS, "url"}


@pytest.mark.parametrize("name", ["__init__", *METHODS])
def test_a_method_takes_the_same_parameters_with_the_same_defaults(name: str) -> None:
    blocking = inspect.signature(getattr(Client, name)).parameters
    awaited = inspect.signature(getattr(AsyncClient, name)).parameters
    assert list(blocking) == list(awaited)
    for one, other in zip(blocking.values(), awaited.values(), strict=True):
        assert (one.kind, one.default) == (other.kind, other.default)
        if (name, one.name) != ("map", "task"):  # a function, which may be an asynchronous one
            assert one.annotation == other.annotation


@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_the_same_when_it_is_awaited(name: str) -> None:
    blocking, awaited = getattr(Client, name), getattr(AsyncClient, name)
    if name == "map":
        assert str(get_type_hints(blocking)["return"]).startswith("collections.abc.Iterator[")
        assert str(get_type_hints(awaited)["return"]).startswith("collections.abc.AsyncIterator[")
        return
    assert inspect.iscoroutinefunction(awaited)
    assert not inspect.iscoroutinefunction(blocking)
    assert get_type_hints(blocking)["return"] == get_type_hints(awaited)["return"]

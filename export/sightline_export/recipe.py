"""A recipe: everything that turns data into one served model, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sightline_export.errors import UnknownSource
from sightline_export.measure import Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.training.progress import Epoch
from sightline_export.verification.parity import Runtime

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Evaluation:
    """What a recipe's `evaluate` may use: the served graph, and those of the recipes that it requires."""

    graph: Runtime
    required: Mapping[str, Runtime]


@dataclass(frozen=True)
class Recipe:
    """One model that `sightline export` builds from data.

    build: a fresh network (seeded by the caller).
    train: trains it in place and yields after each epoch; the checkpoint file makes it resumable.
    evaluate: figures on held-out data, with the floors below which nothing is published.
    requires: recipes that must be in the repository first, because `evaluate` asks them.
    """

    spec: ModelSpec
    build: Callable[[], nn.Module]
    train: Callable[[nn.Module, Path], Iterator[Epoch]]
    evaluate: Callable[[Evaluation], Measurement]
    requires: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.spec.name


_RECIPES: dict[str, Recipe] = {}


def register(recipe: Recipe) -> Recipe:
    """Add a recipe to the registry; a second one of the same name is a mistake."""
    if recipe.name in _RECIPES:
        raise ValueError(f"expected one recipe named {recipe.name}, got a second")
    _RECIPES[recipe.name] = recipe
    return recipe


def recipes() -> dict[str, Recipe]:
    """All recipes by name, in the order of registration."""
    import_module("sightline_export.recipes")  # importing registers them
    return dict(_RECIPES)


def find(name: str) -> Recipe:
    """The recipe `name`. Raises UnknownSource, naming those that there are."""
    known = recipes()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise UnknownSource(
            f"expected one of the recipes {', '.join(known)}, or a source such as torchvision:resnet50, timm:NAME, "
            f"file.py:factory or model.onnx, got {name!r}" + (f"; did you mean {near[0]}?" if near else "")
        )
    return known[name]


def with_requirements(names: tuple[str, ...], already_there: Callable[[str], bool]) -> tuple[str, ...]:
    """`names` in an order in which each comes after what it requires; missing requirements are added."""
    ordered: list[str] = []

    def add(name: str) -> None:
        if name in ordered:
            return
        for required in find(name).requires:
            if required in names or not already_there(required):
                add(required)
        ordered.append(name)

    for name in names:
        add(name)
    return tuple(ordered)

"""A recipe: everything that turns data into one served model, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sightline_backend.pixels import PixelSpec
from sightline_export.errors import UnknownRecipe
from sightline_export.measure import Measurement
from sightline_export.training.progress import Epoch

if TYPE_CHECKING:
    from torch import nn

    from sightline_export.tasks.task import Task
    from sightline_export.verify import Runtime


@dataclass(frozen=True)
class Evaluation:
    """What a recipe's `evaluate` may use: the served graph, and those of the recipes that it requires."""

    graph: Runtime
    required: Mapping[str, Runtime]


@dataclass(frozen=True)
class Recipe:
    """One model that `sightline export` builds.

    name: what users type.
    summary: one line for `sightline export --list`.
    paper, data, limits: for the model card.
    task: wraps the network into the served graph and writes the ensemble around it.
    pixels: the pixel specification of pictures that go in, or come out.
    build: a fresh network (seeded by the caller).
    train: trains it in place and yields after each epoch; the checkpoint file makes it resumable.
    evaluate: figures on held-out data, with the floors below which nothing is published.
    labels: names of the classes, in the order of the scores; empty where there are none.
    max_batch_size: of the network and the ensemble.
    requires: recipes that must be in the repository first, because `evaluate` asks them.
    """

    name: str
    summary: str
    paper: str
    data: str
    task: Task
    pixels: PixelSpec
    build: Callable[[], nn.Module]
    train: Callable[[nn.Module, Path], Iterator[Epoch]]
    evaluate: Callable[[Evaluation], Measurement]
    limits: str
    labels: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    max_batch_size: int = 32

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or not self.name.islower():
            raise ValueError(f"expected a lower-case identifier as the recipe's name, got {self.name!r}")
        if self.max_batch_size < 1:
            raise ValueError(f"expected max_batch_size >= 1, got {self.max_batch_size}")


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
    """The recipe `name`. Raises UnknownRecipe, naming those that there are."""
    known = recipes()
    if name not in known:
        raise UnknownRecipe(f"expected one of the recipes {', '.join(known)}, got {name!r}")
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

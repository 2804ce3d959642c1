"""A recipe: everything that turns data into one served model, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sightline_export.backend_model import BackendModel
from sightline_export.errors import SourceUnusable, UnknownSource
from sightline_export.measures.figures import Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.spelling import did_you_mean
from sightline_export.training.progress import Epoch
from sightline_export.verification.parity import Runtime

if TYPE_CHECKING:
    from PIL import Image
    from torch import nn

    from sightline_export.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Evaluation:
    """What a recipe's `evaluate` may ask: models as users call them, in this process or through a running service.

    model: the whole ensemble, `{"IMAGE": files (n, 1)}` to `{"SCORES": float32 (n, k)}` for instance; any n.
    required: the same of every recipe that is required.
    data: the folder of pictures to measure on, of a part that takes one; None for the recipe's own held-out data.
    """

    model: Runtime
    required: Mapping[str, Runtime]
    data: Path | None = None


Evaluate = Callable[[Evaluation], Measurement]
"""Figures on held-out data, with the floors below which nothing is published."""

Sheet = Callable[[Evaluation], "Image.Image"]
"""The contact sheet of the card: what the model makes of pictures that it was not trained on."""


def whole(network: nn.Module) -> nn.Module:
    """All of what was trained."""
    return network


@dataclass(frozen=True)
class Companion:
    """One served model of what a recipe trains.

    network: the part of the trained module that it needs, with what is missing for its task.
    takes_data: whether `evaluate` measures on `Evaluation.data`. What is labelled needs no recipe for that.
    """

    spec: ModelSpec
    network: Callable[[nn.Module], nn.Module] = whole
    evaluate: Evaluate | None = None
    sheet: Sheet | None = None
    takes_data: bool = False

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def labels(self) -> tuple[str, ...]:
        return self.spec.labels


@dataclass(frozen=True)
class Recipe:
    """One model that `sightline export` builds from data, with the companions that are made of the same weights.

    build: a fresh network (seeded by the caller).
    train: trains it in place and yields after each epoch; the checkpoint makes it resumable.
    key: describes the run (settings, data, seed), so that no other is resumed.
    served: the part of it that the model itself serves.
    requires: recipes that must be in the repository first, because `evaluate` asks them.
    for_data: the same recipe for somebody's folder of data; None where it has no use for one.
    explained_well: whether the heat maps of a classifier have to be better than random ones.
    takes_data: as of a `Companion`.
    """

    spec: ModelSpec
    build: Callable[[], nn.Module]
    train: Callable[[nn.Module, Checkpoint], Iterator[Epoch]]
    key: str
    evaluate: Evaluate | None
    requires: tuple[str, ...] = ()
    served: Callable[[nn.Module], nn.Module] = whole
    companions: tuple[Companion, ...] = ()
    sheet: Sheet | None = None
    for_data: Callable[[Path], Recipe] | None = None
    explained_well: bool = False
    takes_data: bool = False

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def parts(self) -> tuple[Companion, ...]:
        """Everything that is served, the model itself last."""
        return (*self.companions, Companion(self.spec, self.served, self.evaluate, self.sheet, self.takes_data))


@dataclass(frozen=True)
class Operation:
    """One model without a network of its own, which `sightline export` writes without training.

    requires: recipes that must be in the repository first. takes_data: as of a `Companion`.
    """

    model: BackendModel
    evaluate: Evaluate | None = None
    sheet: Sheet | None = None
    requires: tuple[str, ...] = ()
    takes_data: bool = False

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def labels(self) -> tuple[str, ...]:
        return self.model.labels


Exportable = Recipe | Operation


@dataclass(frozen=True)
class Listing:
    """One served model in a list. pixels: the name of its pixel specification, or `-`."""

    name: str
    task: str
    pixels: str
    summary: str


def listings(exportable: Exportable) -> tuple[Listing, ...]:
    """Everything that an export of it serves, the model itself first."""
    if isinstance(exportable, Operation):
        return (Listing(exportable.name, exportable.model.task, "-", exportable.model.summary),)
    specs = [part.spec for part in reversed(exportable.parts)]
    return tuple(Listing(spec.name, spec.task.id, spec.pixels.name, spec.summary) for spec in specs)


def on_data(exportable: Exportable, data: Path) -> Recipe:
    """The same recipe for somebody's data. Raises SourceUnusable where it has no use for it."""
    if not isinstance(exportable, Recipe) or exportable.for_data is None:
        raise SourceUnusable(
            f"expected a recipe that trains on data of its users, got {exportable.name}; leave --data out, or see what "
            "each recipe takes in docs/models.md"
        )
    return exportable.for_data(data)


def renamed(recipe: Recipe, name: str | None) -> Recipe:
    """The same recipe, whose model is called `name`. Raises UnknownSource for what can't be a name."""
    if name is None:
        return recipe
    try:
        return replace(recipe, spec=replace(recipe.spec, name=name))
    except ValueError as error:
        raise UnknownSource(f"{error}; choose another with --name") from error


_RECIPES: dict[str, Exportable] = {}
E = TypeVar("E", bound=Exportable)


def register(recipe: E) -> E:
    """Add a recipe to the registry; a second one of the same name is a mistake."""
    if recipe.name in _RECIPES:
        raise ValueError(f"expected one recipe named {recipe.name}, got a second")
    _RECIPES[recipe.name] = recipe
    return recipe


def recipes() -> dict[str, Exportable]:
    """All recipes by name, in the order of registration."""
    import_module("sightline_export.recipes")  # importing registers them
    return dict(_RECIPES)


def find(name: str) -> Exportable:
    """The recipe `name`. Raises UnknownSource, naming those that there are."""
    known = recipes()
    if name not in known:
        question = did_you_mean(name, known)
        raise UnknownSource(
            "expected a recipe, which sightline export --list names, or a source such as torchvision:resnet50, "
            f"timm:NAME, file.py:factory or model.onnx, got {name!r}" + (f"; {question}" if question else "")
        )
    return known[name]


def find_recipe(name: str) -> Recipe:
    """The recipe `name`, which trains a network. Raises UnknownSource, also for what is only an operation."""
    found = find(name)
    if not isinstance(found, Recipe):
        raise UnknownSource(f"expected a recipe that trains a network, got {name}, which has none")
    return found


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

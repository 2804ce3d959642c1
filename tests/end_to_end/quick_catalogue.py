"""The whole catalogue after one epoch of training each: not good, but complete. Other processes import this."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

from torch import nn

from sightline_export.exporter import export_named
from sightline_export.recipe import Exportable, Operation, Recipe, find, recipes
from sightline_export.release import Doing, Done, Setting
from sightline_export.side_by_side import default_jobs, side_by_side
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch


def build_quickly(repository: Path, checkpoints: Path) -> None:
    """Export everything in the registry without floors, sheets and servers."""
    names = list(recipes())
    requires = {name: find(name).requires for name in names}
    for _ in side_by_side(names, requires, partial(export_quickly, repository, checkpoints), default_jobs()):
        pass


def export_quickly(repository: Path, checkpoints: Path, name: str) -> Iterator[Epoch | Doing | Done]:
    return export_named(quick(find(name)), Setting(repository, serve=False), checkpoints)


def quick(exportable: Exportable) -> Exportable:
    """The same without floors, contact sheets and, of a recipe, all but the first epoch."""
    if isinstance(exportable, Operation):
        return replace(exportable, evaluate=None, sheet=None)
    return without_figures(replace(exportable, train=partial(first_epoch, exportable), explained_well=False))


def first_epoch(recipe: Recipe, network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    yield from islice(recipe.train(network, checkpoint), 1)
    network.eval()


def without_figures(recipe: Recipe) -> Recipe:
    companions = tuple(replace(part, evaluate=None, sheet=None) for part in recipe.companions)
    return replace(recipe, evaluate=None, sheet=None, companions=companions)

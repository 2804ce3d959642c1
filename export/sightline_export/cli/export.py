"""`sightline export`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sightline_export.cli.options import errors_end_with_their_code, labels, numbers, repository_option, size_wh

if TYPE_CHECKING:
    from sightline_export.release import Doing, Done, Setting
    from sightline_export.sources import Choices
    from sightline_export.training.progress import Epoch

FITS = ("squash", "crop", "letterbox")
RESAMPLES = ("bilinear", "bicubic", "lanczos", "nearest", "box", "hamming")
TASKS = ("image-classification", "image-feature-extraction")
EXPLANATIONS = ("auto", "occlusion", "rise", "cam", "attention")

IMPORT_OPTIONS = (
    click.option("--name", help="What to call the model.  [default: the source's own name]"),
    click.option("--weights", type=click.Path(path_type=Path), help="A state dict: .pth, .pt or .safetensors."),
    click.option("--pretrained", is_flag=True, help="Fetch the weights that torchvision or timm publishes."),
    click.option("--without-top", is_flag=True, help="Leave the classifier out: the model gives an embedding."),
    click.option("--task", type=click.Choice(TASKS), help="What the network does."),
    click.option("--faces", is_flag=True, help="The network takes the largest face, upright, as ArcFace does."),
    click.option(
        "--labels", callback=labels, metavar="FILE|A,B", help="Names of the classes: one per line, or a list."
    ),
    click.option("--size", callback=size_wh, metavar="N|WxH", help="Pixels that the network takes."),
    click.option("--fit", type=click.Choice(FITS), help="How a picture of another shape becomes that size."),
    click.option("--resample", type=click.Choice(RESAMPLES), help="How it is resampled."),
    click.option("--mode", type=click.Choice(("rgb", "gray")), help="Colours that the network takes."),
    click.option("--scale", type=click.FloatRange(min=0, min_open=True), help="Levels are multiplied by it first."),
    click.option("--mean", callback=numbers, metavar="A,B,C", help="Subtracted from each channel, after --scale."),
    click.option("--std", callback=numbers, metavar="A,B,C", help="Each channel is divided by it, after --mean."),
    click.option("--channel-order", type=click.Choice(("rgb", "bgr")), help="Order that the network takes."),
    click.option("--explain", type=click.Choice(EXPLANATIONS), help="Also heat maps of a classifier, by this method."),
    click.option("--max-batch-size", type=click.IntRange(min=1), help="Largest batch that is served and verified."),
)


def import_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What may be said about a network that is not a recipe's."""
    for option in reversed(IMPORT_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Order:
    """What the command line asks for, apart from the sources."""

    repository: Path
    version: int | None
    if_missing: bool
    serve: bool
    tensorrt: bool
    checkpoints: Path
    reproducers: Path
    held_out: Path | None
    beside: int = 0

    @property
    def setting(self) -> Setting:
        from sightline_export.release import Setting

        return Setting(self.repository, self.version, self.reproducers, self.serve, self.tensorrt, beside=self.beside)

    def passes_over(self, name: str) -> bool:
        """Whether `name` has a version already and no other is wanted; says so."""
        from sightline_export.repository.publish import published_versions

        versions = published_versions(self.repository, name)
        if not (self.if_missing and versions):
            return False
        click.echo(f"{name}: version {versions[-1]} is there already", err=True)
        return True


@click.command(
    epilog="Exit codes: 0 ok, 2 usage, 12 not a usable repository, 14 verification failed, figure below its floor or "
    "graph that can't be served (nothing published), 15 the version exists or the name is taken, 16 unknown source, "
    "17 unusable source."
)
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option("--list", "list_recipes", is_flag=True, help="List the recipes and the versions in the repository.")
@click.option("--all", "all_recipes", is_flag=True, help="Every recipe, and every model that needs no training.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Recipes built at once, each on its share of the cores.  [default: 1; with --all, one for each core]",
)
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    help="Train a recipe on this data instead: image folders, CIFAR-10, MNIST, COCO, as the recipe takes them.",
)
@repository_option
@click.option("--version", type=click.IntRange(1, 2**31 - 1), help="Version to write.  [default: the next]")
@click.option("--if-missing", is_flag=True, help="Pass over models that have a version already.")
@import_options
@click.option(
    "--held-out",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Pictures that the network was not trained on, one folder per class; measured for the card.",
)
@click.option("--tensorrt", is_flag=True, help="Also make the variants for TensorRT; model.plan where there is a GPU.")
@click.option("--no-serve", is_flag=True, help="Do not ask a real tritonserver before publishing.")
@click.option(
    "--checkpoints",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/checkpoints"),
    show_default=True,
    help="Where training saves its state every ten seconds; a run that was stopped goes on from there.",
)
@click.option(
    "--reproducers",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/reproducers"),
    show_default=True,
    help="Where a failed verification leaves a script that shows it again.",
)
@errors_end_with_their_code
def export(
    sources: tuple[str, ...],
    list_recipes: bool,
    all_recipes: bool,
    jobs: int | None,
    data: Path | None,
    repository: Path,
    version: int | None,
    if_missing: bool,
    held_out: Path | None,
    tensorrt: bool,
    no_serve: bool,
    checkpoints: Path,
    reproducers: Path,
    **choices: Any,
) -> None:
    """Train or import models, verify them and publish them into a Triton model repository.

    SOURCE is a recipe (see --list), torchvision:NAME, timm:NAME, path/to/file.py:factory or model.onnx.

    Nothing is published unless PyTorch, ONNX Runtime and a real tritonserver give the same answers, and the measured
    figures reach the recipe's floors.
    """
    if list_recipes:
        list_them(repository)
        return
    if all_recipes:
        if sources:
            raise click.UsageError(f"expected --all or sources, got both: --all {' '.join(sources)}; leave one out")
        from sightline_export.recipe import recipes as all_of_them

        sources = tuple(all_of_them())
    if not sources:
        raise click.UsageError("expected a source; see the recipes with: sightline export --list")
    order = Order(repository, version, if_missing, not no_serve, tensorrt, checkpoints, reproducers, held_out)
    given = [f"--{name.replace('_', '-')}" for name, value in {**choices, "held_out": held_out}.items() if value]

    from sightline_export.sources import Choices, is_source

    recipes = tuple(source for source in sources if not is_source(source))
    renamed = data is not None and given == ["--name"]  # another data set, another model
    if given and (len(sources) > 1 or (recipes and not renamed)):
        raise click.UsageError(
            f"expected one source that is not a recipe with {', '.join(given)}, got {' '.join(sources)}: "
            "a recipe says all this itself"
        )
    if data:
        if len(recipes) != 1 or len(sources) != 1:
            raise click.UsageError(f"expected one recipe with --data, got {' '.join(sources)}; name one")
        build_on(data, sources[0], choices["name"], order)
        return
    build(recipes, order, jobs or (default_jobs() if all_recipes else 1))
    for source in sources:
        if source not in recipes:
            take(source, Choices(**choices), order)


def build_on(data: Path, name: str, new_name: str | None, order: Order) -> None:
    """Export a recipe that is trained on somebody's data instead of its own."""
    from sightline_export.recipe import find, on_data, renamed

    recipe = renamed(on_data(find(name), data), new_name)
    if not order.passes_over(recipe.name):
        from sightline_export.exporter import export_recipe

        show(recipe.name, export_recipe(recipe, order.setting, order.checkpoints))


def build(names: tuple[str, ...], order: Order, jobs: int) -> None:
    """Export what has a name in the registry, and what that requires."""
    from sightline_export.recipe import find, with_requirements
    from sightline_export.repository.publish import published_versions

    for name in names:
        find(name)  # an unknown name is refused before anything is trained
    ordered = with_requirements(names, lambda name: bool(published_versions(order.repository, name)))
    wanted = [name for name in ordered if not order.passes_over(name)]
    for name in ordered:
        if name not in wanted:
            explain_if_missing(name, order)
    if not wanted:
        return
    from sightline_export.exporter import export_named
    from sightline_export.report import report_all

    if jobs == 1 or len(wanted) == 1:
        for name in wanted:
            show(name, export_named(find(name), order.setting, order.checkpoints))
        return
    from sightline_export.side_by_side import side_by_side

    requires = {name: find(name).requires for name in wanted}
    crowded = replace(order, beside=min(jobs, len(wanted)) - 1)
    report_all(side_by_side(wanted, requires, partial(work, crowded), jobs))


def explain_if_missing(name: str, order: Order) -> None:
    """Add the heat maps to a classifier whose export was ended before it came to them."""
    from sightline_export.recipe import Recipe, find
    from sightline_export.repository.publish import published_versions

    recipe = find(name)
    if isinstance(recipe, Recipe) and not published_versions(order.repository, f"{name}_explain"):
        from sightline_export.exporter import explain

        show(name, explain(recipe.spec, order.setting, promised=recipe.explained_well))


def work(order: Order, name: str) -> Iterator[Epoch | Doing | Done]:
    """What one process of several does."""
    from sightline_export.exporter import export_named
    from sightline_export.recipe import find

    return export_named(find(name), order.setting, order.checkpoints)


def default_jobs() -> int:
    from sightline_export.side_by_side import default_jobs

    return default_jobs()


def take(source: str, choices: Choices, order: Order) -> None:
    """Export a network whose weights came ready."""
    from sightline_export.sources import default_name, load

    expected = choices.name or default_name(source)
    if expected and order.passes_over(expected):
        return
    imported = load(source, choices)
    from sightline_export.exporter import export_import
    from sightline_export.held_out import measure_on

    measure = measure_on(order.held_out, imported.spec) if order.held_out else None
    show(imported.spec.name, export_import(imported, order.setting, measure, choices.explain))


def show(name: str, events: Iterator[Epoch | Doing | Done]) -> None:
    from sightline_export.report import report

    report(name, events)


def list_them(repository: Path) -> None:
    """The recipes as a table on a terminal, else as lines with tabs."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from sightline_export.recipe import listings, recipes
    from sightline_export.repository.publish import published_versions

    rows = [
        (
            listed.name,
            listed.task,
            listed.pixels,
            ", ".join(map(str, published_versions(repository, listed.name))) or "-",
            listed.summary,
        )
        for exportable in recipes().values()
        for listed in listings(exportable)
    ]
    console = Console()
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table("name", "task", "pixels", "versions", "what it is")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)

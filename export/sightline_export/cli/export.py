"""`sightline export`."""

from __future__ import annotations

from pathlib import Path

import click

from sightline_export.errors import ExportError


@click.command(
    epilog="Exit codes: 0 ok, 2 usage, 12 not a usable repository, 14 verification failed or figure below its "
    "floor (nothing published), 15 the version exists, 16 unknown recipe."
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "list_recipes", is_flag=True, help="List the recipes and the versions in the repository.")
@click.option(
    "--repository",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("model_repository"),
    show_default=True,
    help="The model repository to write into; made if missing.",
)
@click.option("--version", type=click.IntRange(min=1), help="Version to write [default: one more than the highest].")
@click.option("--if-missing", is_flag=True, help="Pass over models that have a version already.")
@click.option(
    "--checkpoints",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/checkpoints"),
    show_default=True,
    help="Where training saves its state every ten seconds; a run that was stopped goes on from there.",
)
def export(
    names: tuple[str, ...],
    list_recipes: bool,
    repository: Path,
    version: int | None,
    if_missing: bool,
    checkpoints: Path,
) -> None:
    """Train, trace, verify and publish models into a Triton model repository.

    Nothing is published unless PyTorch and ONNX Runtime agree and the measured figures reach the recipe's floors.
    """
    try:
        if list_recipes:
            _list(repository)
        elif names:
            _export(names, repository, version, if_missing, checkpoints)
        else:
            raise click.UsageError("expected the name of a recipe; see them with: sightline export --list")
    except ExportError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(error.exit_code) from error


def _list(repository: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from sightline_export.recipe import recipes
    from sightline_export.repository.publish import published_versions

    rows = [
        (
            r.name,
            r.task.id,
            r.pixels.name,
            ", ".join(map(str, published_versions(repository, r.name))) or "-",
            r.summary,
        )
        for r in recipes().values()
    ]
    console = Console()
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table("name", "task", "pixels", "versions", "what it is")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _export(names: tuple[str, ...], repository: Path, version: int | None, if_missing: bool, checkpoints: Path) -> None:
    from sightline_export.exporter import export_recipe, network_name
    from sightline_export.recipe import find, with_requirements
    from sightline_export.report import report
    from sightline_export.repository.publish import next_version, published_versions, remove_orphan

    def published(name: str) -> bool:
        return bool(published_versions(repository, name))

    for name in names:
        find(name)  # an unknown name is refused before anything is trained
    for name in with_requirements(names, published):
        if if_missing and published(name):
            click.echo(f"{name}: version {published_versions(repository, name)[-1]} is there already", err=True)
            continue
        remove_orphan(repository, network_name(name), name)
        chosen = version or next_version(repository, (name, network_name(name)))
        report(name, export_recipe(find(name), repository, chosen, checkpoints))

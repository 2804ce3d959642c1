"""A folder of links that stands for a model repository, in which some models have another configuration."""

from collections.abc import Mapping
from pathlib import Path

CONFIGURATIONS = ("config.pbtxt", "configs")


def link_repository(repository: Path, directory: Path, configs: Mapping[str, Path]) -> Path:
    """Makes `directory` with a link to each model of `repository`, which stays as it is.

    Args:
        repository: Model folders.
        directory: The new folder; not there yet.
        configs: Model -> the only configuration that it is to have.

    Returns:
        `directory`.
    """
    directory.mkdir()
    for folder in sorted(repository.resolve().iterdir()):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        if folder.name in configs:
            link_model(folder, directory / folder.name, configs[folder.name])
        else:
            (directory / folder.name).symlink_to(folder)
    return directory


def link_model(folder: Path, linked: Path, config: Path) -> None:
    linked.mkdir()
    for entry in folder.iterdir():
        if entry.name not in CONFIGURATIONS:
            (linked / entry.name).symlink_to(entry)
    (linked / "config.pbtxt").symlink_to(config.absolute())

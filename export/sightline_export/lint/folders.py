"""The folders of a repository, and which of them are models."""

from __future__ import annotations

import os
from pathlib import Path

from sightline_export.errors import RepositoryUnusable
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import content
from sightline_export.lint.readable import is_folder
from sightline_export.lint.visible import visible


def folders_of(repository: Path) -> list[Path]:
    """Every folder of a repository that holds at least one model; hidden ones are passed over.

    Raises:
        RepositoryUnusable: it holds none.
    """
    try:
        folders = sorted(child for child in repository.iterdir() if is_folder(child) and not child.name.startswith("."))
    except OSError as error:
        raise RepositoryUnusable(
            f"expected a model repository at {repository}, got: {error.strerror}; name the folder that holds "
            "one folder per model"
        ) from error
    if not any(is_model(folder) for folder in folders):
        found = ", ".join(child.name for child in sorted(repository.iterdir())[:8]) or "nothing"
        raise RepositoryUnusable(
            f"expected at least one <model>/config.pbtxt or <model>/1 in {repository}, got {visible(found)}; "
            "name the folder that holds one folder per model"
        )
    return folders


def is_model(folder: Path) -> bool:
    """Whether a folder was meant as a model; an empty one is taken for one, as Triton does."""
    try:
        inside = list(folder.iterdir())
    except OSError:
        return True  # and one that can't be read, which is said of it
    return (
        not inside
        or os.path.lexists(folder / "config.pbtxt")
        or any(is_folder(child) and child.name.isdigit() for child in inside)
    )


def stray(folder: Path) -> Finding:
    """What is to be said of a folder that is no model."""
    return Finding(
        "",
        folder.name,
        None,
        "warning",
        "not-a-model",
        "models only",
        f"a folder with {content(folder)}",
        "move it out: a tritonserver that is not told which models to load refuses to start",
    )

"""The repository of this checkout, one model of which a test may change."""

import shutil
from pathlib import Path

from serving import built_repository

from sightline_server.repository_links import link_repository

MODEL = "attention"


def write_own_repository(directory: Path) -> Path:
    """Links to all models but `MODEL`, which is a copy."""
    repository = link_repository(built_repository(), directory / "repository", {})
    folder = repository / MODEL
    exported = folder.resolve()
    folder.unlink()
    shutil.copytree(exported, folder)
    return repository

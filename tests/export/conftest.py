"""What the tests of the export share."""

from pathlib import Path

import pytest
from export.quick import make_quick_recipe

from sightline_export.exporter import export_recipe
from sightline_export.recipe import Recipe, find_recipe
from sightline_export.release import Setting


@pytest.fixture
def quick_recipe() -> Recipe:
    return make_quick_recipe()


@pytest.fixture
def cnn() -> Recipe:
    return find_recipe("cnn")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return tmp_path / "model_repository"


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that holds `quick` in version 1; tests that change it copy it first."""
    folder = tmp_path_factory.mktemp("exported")
    list(export_recipe(make_quick_recipe(), Setting(folder / "model_repository", 1, serve=False), folder))
    return folder / "model_repository"

"""Where the backend folders are."""

import pytest

from sightline_backend.backends import NAMES, directory


@pytest.mark.parametrize("name", NAMES)
def test_every_backend_is_found(name: str) -> None:
    assert (directory() / name / "model.py").is_file()


def test_there_is_no_backend_without_a_name() -> None:
    folders = {path.parent.name for path in directory().glob("*/model.py")}
    assert folders == set(NAMES)

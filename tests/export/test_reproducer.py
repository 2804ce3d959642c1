"""Where a failed verification leaves its script: never over anything of the user's."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from sightline_export.errors import RepositoryUnusable
from sightline_export.verification.parity import Parity
from sightline_export.verification.reproducer import leave_graph_reproducer


def leave(folder: Path, exported: Path) -> Path:
    arrays = {"SCORES": np.zeros((1, 2), np.float32)}
    graph = exported / "quick_network" / "1" / "model.onnx"
    return leave_graph_reproducer(folder, Parity("SCORES", 1, 1.0, 0.0), graph, {"X": np.zeros((1, 2))}, arrays)


def test_only_what_an_earlier_reproducer_wrote_is_removed(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "reproducers" / "quick"
    assert leave(folder, exported) == leave(folder, exported) == folder / "reproduce.py"
    (folder / "notes.txt").write_text("mine")
    assert leave(folder, exported).parent.name == "quick-2"
    assert leave(folder, exported).parent.name == "quick-2"
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("mine", ["thesis.tex", "reproduce.py", "deep/er/thesis.tex"])
def test_a_folder_of_the_users_is_left_alone(mine: str, exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "quick"
    (folder / mine).parent.mkdir(parents=True)
    (folder / mine).write_text("mine")
    assert leave(folder, exported).parent.name == "quick-2"
    assert [path.read_text() for path in folder.rglob("*") if path.is_file()] == ["mine"]


@pytest.mark.parametrize("taken", ["file", "link to a folder", "link to nowhere"])
def test_what_is_no_folder_is_left_alone(taken: str, exported: Path, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "quick", tmp_path / "elsewhere"
    if taken == "file":
        folder.write_text("mine")
    else:
        if taken == "link to a folder":
            leave(elsewhere, exported)
        folder.symlink_to(elsewhere)
    assert leave(folder, exported).parent.name == "quick-2"
    assert folder.is_symlink() == (taken != "file")


@pytest.mark.parametrize("place", [".", "quick", "quick/1", "quick/1/new"])
def test_nothing_is_written_into_a_model_repository(place: str, exported: Path, tmp_path: Path) -> None:
    repository = Path(shutil.copytree(exported, tmp_path / "model_repository"))
    before = sorted(repository.rglob("*"))
    with pytest.raises(
        RepositoryUnusable, match=r"expected a folder that is no model repository .* with --reproducers"
    ):
        leave(repository / place / "gan", exported)
    assert sorted(repository.rglob("*")) == before

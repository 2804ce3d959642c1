"""The whole catalogue on one small machine: everything loads at once, fits into memory and answers."""

import subprocess
from pathlib import Path, PurePath

import pytest
from benchmarks.catalogue.__main__ import catalogue
from benchmarks.catalogue.serving import Served, serve_at_once
from end_to_end.quick_catalogue import build_quickly
from serving import ROOT

MOST_RESIDENT_MIB = 3 * 1024
TEXTS = ("*/config.pbtxt", "*/configs/*.pbtxt", "*/labels.txt")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    build_quickly(folder / "model_repository", folder / "checkpoints")
    return folder / "model_repository"


@pytest.fixture(scope="module")
def served(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    names = [record.name for record in catalogue(repository)]
    return serve_at_once(repository, names, tmp_path_factory.mktemp("served"))


def test_every_model_answers_what_it_answered_when_it_was_exported(served: Served) -> None:
    assert served.failures == ()
    assert served.models >= 25


def test_all_of_them_fit_into_three_gibibytes(served: Served) -> None:
    assert served.idle.rss_mib <= served.busy.rss_mib <= MOST_RESIDENT_MIB


def test_what_is_committed_is_what_an_export_writes(repository: Path) -> None:
    """The texts in the checkout are those of the code in the checkout; a user's own models are not committed."""
    written = {str(file.relative_to(repository)) for pattern in TEXTS for file in repository.glob(pattern)}
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT / "model_repository", capture_output=True, text=True, check=True
    )
    committed = {path for path in listing.stdout.split("\0") if any(PurePath(path).match(text) for text in TEXTS)}
    assert committed == written
    assert [
        path
        for path in sorted(written)
        if (ROOT / "model_repository" / path).read_text() != (repository / path).read_text()
    ] == []

"""Atomic publishing: everything is built beside the repository's models, then renamed into place.

A kill at any moment leaves a repository that loads: texts are replaced by renaming, a version folder appears
whole or not at all, and the ensemble, which is what users call, comes last. An existing version is never overwritten.
"""

import os
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sightline_export.errors import RepositoryUnusable, VersionExists
from sightline_export.repository.entry import ModelEntry
from sightline_export.repository.golden import write_cases

BUILDING = (
    ".building"  # Triton passes over folders without a configuration; on the same file system, so renames are atomic
)


def published_versions(repository: Path, name: str) -> tuple[int, ...]:
    """The version numbers of a model in ascending order; empty where it isn't there."""
    folder = repository / name
    if not folder.is_dir():
        return ()
    numbers = (child.name for child in folder.iterdir() if child.is_dir() and child.name.isdecimal())
    return tuple(sorted(int(number) for number in numbers if not number.startswith("0")))


def next_version(repository: Path, names: Sequence[str]) -> int:
    """One more than the highest version of any of `names`, so that an ensemble and its network stay in step."""
    return 1 + max((v for name in names for v in published_versions(repository, name)), default=0)


def require_free(repository: Path, names: Sequence[str], version: int) -> None:
    """Raise VersionExists unless `version` is above every version of `names`.

    A lower number would put texts of an older export beside the newest version, which is the one that is served.
    """
    free = next_version(repository, names)
    if version < free:
        taken = [repository / name / str(version) for name in names if version in published_versions(repository, name)]
        found = f"{taken[0]} exists" if taken else f"version {free - 1} is there"
        raise VersionExists(
            f"expected a new version, but {found}, and a published version is never overwritten or preceded; "
            f"leave --version out to write version {free}"
        )


def remove_orphan(repository: Path, network: str, ensemble: str) -> None:
    """Remove a network version that a killed export published without its ensemble: no answer was promised of it."""
    for version in set(published_versions(repository, network)) - set(published_versions(repository, ensemble)):
        shutil.rmtree(repository / network / str(version))


def build(folder: Path, entries: Sequence[ModelEntry], version: int, task: str) -> None:
    """Write `entries` into the new folder `folder`, which Triton can then serve (shared steps at version 1).

    folder: on the file system of the repository, so that it can be put there by renaming.
    """
    try:
        for entry in entries:
            _build(folder / entry.name, entry, version, task)
    except OSError as error:
        raise _unusable(folder, error) from error


def publish(repository: Path, entries: Sequence[ModelEntry], version: int, built: Path) -> None:
    """Put what :func:`build` made of `entries` in `built` into `repository`, the last one last."""
    require_free(repository, [entry.name for entry in entries if entry.versioned], version)
    try:
        for entry in entries:
            _reveal(built / entry.name, repository / entry.name, version if entry.versioned else 1)
    except OSError as error:
        raise _unusable(repository, error) from error


@contextmanager
def staging_folder(repository: Path) -> Generator[Path]:
    """A private folder inside the repository, removed at the end; those that killed exports left behind go too."""
    building = repository / BUILDING
    try:
        building.mkdir(parents=True, exist_ok=True)
        for left in building.iterdir():
            owner = left.name.partition("-")[0]
            if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=building))
    except OSError as error:
        raise _unusable(repository, error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # another export may be using it
            building.rmdir()


def _unusable(repository: Path, error: OSError) -> RepositoryUnusable:
    return RepositoryUnusable(
        f"expected a model repository that can be written at {repository}, got: {error.strerror} ({error.filename}); "
        "make room, or name another with --repository"
    )


def _build(folder: Path, entry: ModelEntry, version: int, task: str) -> None:
    for path, text in entry.files().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    numbered = folder / str(version if entry.versioned else 1)
    numbered.mkdir(parents=True)
    for position, file in enumerate(entry.weights):
        os.link(file, numbered / (file.name if position else "model.onnx"))
    for name, cases in (("golden", entry.golden), ("verification", entry.verification)):
        if cases:
            write_cases(numbered / name, entry.name, version, task, cases)


def _reveal(built: Path, folder: Path, version: int) -> None:
    folder.mkdir(exist_ok=True)
    for file in sorted(built.rglob("*")):
        relative = file.relative_to(built)
        if file.is_file() and relative.parts[0] != str(version):
            (folder / relative).parent.mkdir(exist_ok=True)
            file.replace(folder / relative)
    if not (folder / str(version)).exists():
        (built / str(version)).rename(folder / str(version))

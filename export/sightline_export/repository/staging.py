"""The private folder inside a repository in which an export builds, so that publishing is a matter of renaming."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from sightline_export.errors import RepositoryUnusable
from sightline_export.repository.lock import locked

BUILDING = ".building"  # Triton passes over folders without a configuration


@contextmanager
def staging_folder(repository: Path) -> Generator[Path]:
    """A new folder, removed at the end; those that killed exports left behind go too.

    An export holds a lock on its folder, which ends with its process, in whatever container that runs.
    """
    building = repository / BUILDING
    try:
        with locked(repository):
            building.mkdir(exist_ok=True)
            for left in building.iterdir():
                if (lock := _locked_now(left)) is not None:
                    shutil.rmtree(left, ignore_errors=True)
                    os.close(lock)
            folder = Path(tempfile.mkdtemp(dir=building))
            lock = _locked_now(folder)
    except OSError as error:
        raise unusable(repository, error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)
        with suppress(OSError):  # another export may be using it
            building.rmdir()


def _locked_now(folder: Path) -> int | None:
    """The lock of a staging folder; None where another process holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def unusable(repository: Path, error: OSError) -> RepositoryUnusable:
    """What went wrong while a repository was written, in one line."""
    where = f" ({error.filename})" if error.filename else ""
    return RepositoryUnusable(
        f"expected a model repository that can be written at {repository}, got: {error.strerror or error}{where}; "
        "make room, or name another with --repository"
    )

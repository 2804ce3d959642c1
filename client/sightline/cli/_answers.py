"""The folder of a run: files of answers, and the journal `answers.jsonl`.

What stands in the journal is on the disk: every file is synchronised before its line, and the line before the user
sees it. Only pictures that were not reported yet can be lost, and they are asked again.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from sightline.cli._durable import append_lines, explained, synchronise, write_whole
from sightline.cli._inputs import identity
from sightline.cli._journal import read_entries, rewrite_without, standing_of
from sightline.cli._output_names import JOURNAL, PARTS
from sightline.cli._settings import Settings, settle


class AnswerFolder:
    """Writes whole files, and keeps the journal.

    Attributes:
        directory: The folder.
        base: Absolute folder whose structure the answers keep.
    """

    def __init__(self, directory: Path, base: str) -> None:
        self.directory = directory
        self.base = base
        self._parts = directory / PARTS
        self._journal_path = directory / JOURNAL
        self._journal: int | None = None
        self._numbers = itertools.count()

    def left_to_do(self, pictures: Sequence[str]) -> list[str]:
        """Return the pictures that the journal does not hold as they are now, and clean up what a kill left."""
        with explained(self.directory):
            shutil.rmtree(self._parts, ignore_errors=True)
            self._parts.mkdir()
            self._journal_path.touch()
            wanted = {identity(name): name for name in pictures}
            standing = standing_of(read_entries(self._journal_path), wanted, self.directory)
            if standing.stale or standing.end < self._journal_path.stat().st_size:
                rewrite_without(self._journal_path, standing.stale, standing.end, self._new_part())
        return [name for path, name in wanted.items() if path not in standing.done]

    def write(self, name: str, data: bytes) -> None:
        """Write a file below the folder. Many threads may do so at once."""
        write_whole(self.directory / name, data, part=self._new_part())

    def record(self, lines: Sequence[str], files: Iterable[str]) -> None:
        """Add lines to the journal; when this returns, they and the files that they name outlast a power cut."""
        with explained(self._journal_path):
            folders = {folder for name in files for folder in (self.directory / name).parents}
            for folder in folders:
                if folder.is_relative_to(self.directory):
                    synchronise(folder)
            if self._journal is None:
                self._journal = os.open(self._journal_path, os.O_WRONLY | os.O_APPEND)
            append_lines(self._journal, "".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        if self._journal is not None:
            os.close(self._journal)
            self._journal = None
        # a thread that is still at work loses its part, and its picture is asked again
        shutil.rmtree(self._parts, ignore_errors=True)

    def _new_part(self) -> Path:
        return self._parts / str(next(self._numbers))


@contextmanager
def open_folder(directory: Path, settings: Settings, *, resume: bool) -> Generator[AnswerFolder]:
    """Open the folder of a run, for this process alone; it is made if missing.

    Args:
        directory: The folder.
        settings: What is asked.
        resume: Go on with what is there; without it, answers of an earlier run are refused.
    """
    with explained(directory):
        directory.mkdir(parents=True, exist_ok=True)
    with _only_user(directory):
        folder = AnswerFolder(directory, settle(directory, settings, resume=resume).base)
        try:
            yield folder
        finally:
            folder.close()


@contextmanager
def _only_user(directory: Path) -> Generator[None]:
    """Keep a second run out; the system ends this with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    lock = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.UsageError(
                f"another run is writing to {directory}; wait for its end, or choose another folder with -o"
            ) from None
        except OSError:  # some network file systems lock no folders
            pass
        yield
    finally:
        os.close(lock)

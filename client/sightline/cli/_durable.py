"""Files that are whole or not there, and that outlast a power cut."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from sightline.cli._errors import FileFailed


def write_whole(path: Path, data: bytes, *, part: Path) -> None:
    """Write a file in place of any earlier one, making its folder.

    Args:
        path: Its name.
        data: Its content.
        part: Where it is written before it gets its name, on the same file system.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def append_lines(file: int, data: bytes) -> None:
    """Append whole lines in one write and wait for the disk; a write that fails leaves nothing behind.

    Args:
        file: A descriptor opened with O_APPEND.
        data: The lines.
    """
    before = os.fstat(file).st_size
    try:
        written = os.write(file, data)
        if written != len(data):  # the disk is all but full: the rest says why
            os.write(file, data[written:])
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise


def synchronise(folder: Path) -> None:
    """Wait until the disk knows the names of the files in a folder."""
    with suppress(PermissionError):  # Windows opens no folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn what the system says about a file into `FileFailed`."""
    try:
        yield
    except OSError as exc:
        raise FileFailed(f"cannot write {path}: {exc.strerror or exc}; choose another folder with -o") from exc

"""Which pictures the words of a command line name: files, folders, patterns, web addresses and stdin."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlsplit

from sightline.errors import ImageError

STDIN = "-"
PICTURE_SUFFIXES = (".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".webp")


@dataclass(frozen=True)
class Inputs:
    """What was found.

    Attributes:
        pictures: Paths, addresses or `-`, in the order given; those of a folder are sorted. Each stands here once.
        problems: One error for each word that names no picture, and for each folder that cannot be listed.
        base: The folder, absolute, that all of the named files and folders have in common.
        unlisted: The folders, absolute, that cannot be listed: what is in them is not known.
    """

    pictures: tuple[str, ...]
    problems: tuple[ImageError, ...]
    base: str
    unlisted: tuple[str, ...] = ()


def find_inputs(words: Sequence[str], *, leave_out: Path | None = None) -> Inputs:
    """Look up every word.

    A file that does not exist is a picture here: reading it says what is wrong. Hidden files and folders are left out
    unless they are named themselves, and links to folders are not followed. A folder that cannot be listed is a problem
    of its own, and what lies beside it is found.

    Args:
        words: What the user typed.
        leave_out: A folder of answers, which is not searched when it lies inside of a named folder.
    """
    answers = None if leave_out is None else absolute(leave_out)
    pictures: dict[str, str] = {}
    problems: list[ImageError] = []
    roots: list[str] = []
    unlisted: dict[str, OSError] = {}
    for word in words:
        faults: list[OSError] = []
        root, names = _look_up(word, answers, faults.append)
        for name in names:
            pictures.setdefault(identity(name), name)
        roots += [root] if root is not None and names else []
        new = {absolute(fault.filename): fault for fault in faults}
        problems += [_cannot_list(fault) for folder, fault in new.items() if folder not in unlisted]
        problems += [] if names or faults else [_names_nothing(word)]
        unlisted.update(new)
    return Inputs(tuple(pictures.values()), tuple(problems), _common(roots), tuple(unlisted))


def is_url(name: str) -> bool:
    """Return whether a picture is fetched from the web."""
    return name.lower().startswith(("http://", "https://"))


def identity(name: str) -> str:
    """Return what two names of the same picture have in common: its absolute path, or its address as it is shown."""
    return shown(name) if name == STDIN or is_url(name) else absolute(name)


def shown(name: str) -> str:
    """Return a picture's name for people and files: an address loses its user name and password."""
    if is_url(name) and "@" in name:
        parts = urlsplit(name)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return name


def absolute(path: str | os.PathLike[str]) -> str:
    """Return an absolute path without `.` and `..`; links stay what they are."""
    return os.path.abspath(path)  # noqa: PTH100 (Path takes five times as long, which counts for 100,000 pictures)


def is_within(name: str, folder: str) -> bool:
    """Return whether a path is that of a folder, absolute, or of something in it."""
    return Path(absolute(name)).is_relative_to(folder)


def _look_up(word: str, answers: str | None, on_fault: Callable[[OSError], None]) -> tuple[str | None, Sequence[str]]:
    """Return the folder that a word stands for, if any, and the pictures in it."""
    if word == STDIN or is_url(word):
        return None, [word]
    if _is_folder(word):
        return absolute(word), list(_pictures_below(word, answers, on_fault))
    if _is_pattern(word):
        return _before_pattern(word), _matches(word, answers, on_fault)
    return absolute(Path(word).parent), [word]


def _is_folder(name: str) -> bool:
    return os.path.isdir(name)  # noqa: PTH112 (Path.is_dir raises where a folder above may not be entered)


def _is_pattern(word: str) -> bool:
    return glob.has_magic(word) and not os.path.lexists(word)


def _matches(pattern: str, answers: str | None, on_fault: Callable[[OSError], None]) -> list[str]:
    found: list[str] = []
    for name in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 (Path.glob takes no absolute one)
        if answers is not None and is_within(name, answers):
            continue
        found += _pictures_below(name, answers, on_fault) if _is_folder(name) else [name]
    return found


def _pictures_below(folder: str, answers: str | None, on_fault: Callable[[OSError], None]) -> Iterator[str]:
    for parent, folders, files in os.walk(folder, onerror=on_fault):
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and absolute(Path(parent, each)) != answers
        )
        for name in sorted(files):
            if name.lower().endswith(PICTURE_SUFFIXES) and not name.startswith("."):
                yield os.path.join(parent, name)  # noqa: PTH118 (see `absolute`)


def _names_nothing(word: str) -> ImageError:
    if _is_pattern(word):
        return ImageError(f"{word}: expected files that match this pattern, found none; check its spelling")
    return ImageError(
        f"{word}: expected pictures in this folder, found no file that ends in {', '.join(PICTURE_SUFFIXES)}; "
        "name the folder that holds them, or the files themselves"
    )


def _cannot_list(fault: OSError) -> ImageError:
    return ImageError(f"{fault.filename}: cannot list this folder: {fault.strerror}; check its permissions")


def _before_pattern(pattern: str) -> str:
    """Return the folder above the first `*`, `?` or `[`."""
    parts = Path(pattern).parts[:-1]
    return absolute(Path(*takewhile(lambda part: not glob.has_magic(part), parts)))


def _common(roots: Sequence[str]) -> str:
    return os.path.commonpath(roots) if roots else absolute(".")

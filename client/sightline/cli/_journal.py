"""The journal of a run: a line of JSON for each picture that is done, and never a claim that does not hold."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from sightline.cli._errors import FileFailed
from sightline.cli._inputs import STDIN, identity, is_url


@dataclass(frozen=True)
class Source:
    """A picture as it was when it was read: `size` in bytes and the time of its last change, None for addresses."""

    path: str
    size: int | None = None
    modified_ns: int | None = None

    @classmethod
    def of(cls, name: str) -> Source:
        """Look at a picture; one that cannot be found has no size either, and reading it says why."""
        path = identity(name)
        if name == STDIN or is_url(name):
            return cls(path)
        try:
            found = Path(name).stat()
        except (OSError, ValueError):
            return cls(path)
        return cls(path, found.st_size, found.st_mtime_ns)

    def as_json(self) -> dict[str, object]:
        return {"path": self.path, "size": self.size, "modified_ns": self.modified_ns}


@dataclass(frozen=True)
class Entry:
    """One line of a journal: `start` and `end` are its place in bytes."""

    source: Source
    files: tuple[str, ...]
    start: int
    end: int


def read_entries(journal: Path) -> Iterator[Entry]:
    """Yield every whole line. A last line that was torn off is not one; a broken line before it is an error."""
    with journal.open("rb") as file:
        start = 0
        for number, line in enumerate(file, 1):
            end = start + len(line)
            entry = _parsed(line, start, end)
            if entry is None:
                if file.read(1):
                    raise FileFailed(
                        f"{journal}, line {number}: expected an answer as `-o` writes it, got something else; "
                        "correct or delete this line, or choose another folder with -o"
                    )
                return
            yield entry
            start = end


def _parsed(line: bytes, start: int, end: int) -> Entry | None:
    if not line.endswith(b"\n"):
        return None
    try:
        value: object = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, Any]", value)
    source, files = fields.get("source"), fields.get("files")
    if not isinstance(source, dict) or not isinstance(files, list):
        return None
    where = cast("dict[str, Any]", source)
    if not isinstance(where.get("path"), str):
        return None
    names = tuple(str(each) for each in cast("list[object]", files))
    return Entry(Source(where["path"], where.get("size"), where.get("modified_ns")), names, start, end)


@dataclass(frozen=True)
class Standing:
    """What a journal says about the pictures of a run.

    Attributes:
        done: Paths of pictures that need not be asked again.
        stale: Lines about pictures that have changed since, or whose answers were deleted.
        end: Where the last whole line ends, in bytes.
    """

    done: frozenset[str]
    stale: tuple[Entry, ...]
    end: int


def standing_of(entries: Iterable[Entry], wanted: Mapping[str, str], directory: Path) -> Standing:
    """Compare a journal with the pictures as they are now.

    Args:
        entries: The lines.
        wanted: Pictures of this run: the name under which each is found now, by its path.
        directory: Where the answers lie.
    """
    done: set[str] = set()
    stale: list[Entry] = []
    end = 0
    for entry in entries:
        end = entry.end
        name = wanted.get(entry.source.path)
        if name is None:
            continue
        now = Source.of(name)
        has_gone = now.size is None and not is_url(name)
        if not has_gone and (now != entry.source or not all((directory / each).is_file() for each in entry.files)):
            stale.append(entry)
        elif not has_gone:
            done.add(entry.source.path)
    return Standing(frozenset(done), tuple(stale), end)


def rewrite_without(journal: Path, stale: Sequence[Entry], end: int, part: Path) -> None:
    """Replace a journal by one without some of its lines, and without what follows the last whole one."""
    with journal.open("rb") as old, part.open("wb") as new:
        place = 0
        for start, following in [*((each.start, each.end) for each in stale), (end, end)]:
            old.seek(place)
            _copy(old, new, start - place)
            place = following
        new.flush()
        os.fsync(new.fileno())
    part.replace(journal)


def _copy(old: BinaryIO, new: BinaryIO, count: int) -> None:
    while count > 0:
        count -= new.write(old.read(min(count, 1 << 20)))

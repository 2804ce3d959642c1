"""Applies the safe edits. A file is written beside itself and renamed, so that it is never half there."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from sightline_export.errors import RepositoryUnusable
from sightline_export.lint.config_text import SyntaxMistake, decode, encode, parse
from sightline_export.lint.findings import Edit, Finding, Report
from sightline_export.lint.locate import Fields


def fix(repository: Path, report: Report) -> tuple[Finding, ...]:
    """Make the changes of every finding that is fixable; lint again afterwards, as one may uncover another.

    Edits that overlap are left for the next time. `report` must have been made of the files as they are. A file that
    several models share is left alone, as what is right for one may be wrong for another; so is every file that
    would not be read as it was meant.

    Returns:
        The findings whose changes were made.

    Raises:
        RepositoryUnusable: a file can't be written.
    """
    applied: list[Finding] = []
    shared = _shared(repository)
    fixable = [finding for finding in report.findings if finding.fixable]
    for file in dict.fromkeys(finding.file for finding in fixable):
        path = _real(repository / file)
        if path in shared:
            continue
        before = _read(path)
        chosen: list[Finding] = []
        for finding in (finding for finding in fixable if finding.file == file):
            edits = [edit for one in (*chosen, finding) for edit in one.changes]
            if not _overlapping(edits) and as_meant(before, edits):
                chosen.append(finding)
        if chosen:
            _write(path, edited(before, [edit for finding in chosen for edit in finding.changes]))
        applied += chosen
    return tuple(applied)


def as_meant(text: str, edits: Sequence[Edit]) -> bool:
    """Whether a configuration can still be parsed after the edits, and says the same where they did not change it."""
    before, after = parse(text), parse(edited(text, edits))
    if isinstance(before, SyntaxMistake) or isinstance(after, SyntaxMistake):
        return False
    touched = {
        field.name
        for field in Fields(text).root.children
        for edit in edits
        if edit.start < max(field.end, field.whole_end) and edit.end > field.whole_start
    }
    added = {field.name for edit in edits for field in Fields(edit.text).root.children}
    return before != after and all(
        after.get(key) == before.get(key) for key in (*before, *after) if key not in touched | added
    )


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made, which do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _overlapping(edits: Sequence[Edit]) -> bool:
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    return any(second.start < first.end or second.start == first.start for first, second in pairwise(ordered))


def _shared(repository: Path) -> set[Path]:
    """The configurations that more than one model has, through links."""
    found = [_real(path) for folder in repository.iterdir() for path in _configs(folder)]
    return {path for path, count in Counter(found).items() if count > 1}


def _real(path: Path) -> Path:
    """Where links lead to; of those that lead nowhere the path itself."""
    return Path(os.path.realpath(path))


def _configs(folder: Path) -> list[Path]:
    return [folder / "config.pbtxt", *folder.glob("configs/*.pbtxt")]


def _read(path: Path) -> str:
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise RepositoryUnusable(
            f"expected a file that can be read at {path}, got: {error.strerror}; make it readable"
        ) from error


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.fixed")
    try:
        beside.write_bytes(encode(text))
        shutil.copymode(path, beside)
        beside.replace(path)
    except OSError as error:
        raise RepositoryUnusable(
            f"expected a file that can be written at {path}, got: {error.strerror}; make it writable"
        ) from error

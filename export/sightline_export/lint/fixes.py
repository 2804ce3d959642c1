"""Applies the safe edits. A file is written beside itself and renamed, so that it is never half there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from sightline_export.errors import RepositoryUnusable
from sightline_export.lint.config_text import decode, encode
from sightline_export.lint.findings import Edit, Finding, Report


def fix(repository: Path, report: Report) -> tuple[Finding, ...]:
    """Make the changes of every finding that is fixable; lint again afterwards, as one may uncover another.

    Edits that overlap are left for the next time. `report` must have been made of the files as they are.

    Returns:
        The findings whose changes were made.

    Raises:
        RepositoryUnusable: a file can't be written.
    """
    applied: list[Finding] = []
    fixable = [finding for finding in report.findings if finding.fixable]
    for file in dict.fromkeys(finding.file for finding in fixable):
        chosen: list[Finding] = []
        for finding in (finding for finding in fixable if finding.file == file):
            taken = [edit for one in chosen for edit in one.changes]
            if not _overlapping([*taken, *finding.changes]):
                chosen.append(finding)
        _write(repository / file, [edit for finding in chosen for edit in finding.changes])
        applied += chosen
    return tuple(applied)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made, which do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _overlapping(edits: Sequence[Edit]) -> bool:
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    return any(second.start < first.end or second.start == first.start for first, second in pairwise(ordered))


def _write(path: Path, edits: Sequence[Edit]) -> None:
    beside = path.with_name(f".{path.name}.fixed")
    try:
        beside.write_bytes(encode(edited(decode(path.read_bytes()), edits)))
        beside.replace(path)
    except OSError as error:
        raise RepositoryUnusable(
            f"expected a file that can be written at {path}, got: {error.strerror}; make it writable"
        ) from error

"""Tables in Markdown, and the part of a document that a benchmark writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_between(path: Path, begin: str, end: str, text: str) -> None:
    """Put a text between two marks of a document. Raises RuntimeError where it has none."""
    before, _, rest = path.read_text().partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise RuntimeError(f"expected the marks {begin} and {end} in {path}, got another document")
    beside = path.with_suffix(".partial")
    beside.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
    beside.replace(path)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(cells) + " |" for cells in rows])

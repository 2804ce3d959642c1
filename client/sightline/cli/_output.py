"""Data for stdout: a table for people, aligned text for pipes, or one JSON object per line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their columns; nothing at all without rows."""
    if not rows:
        return
    shown = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich_table(columns, shown)
        return
    for line in aligned([tuple(column.upper() for column in columns), *shown]):
        click.echo(line)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    click.echo(json_line(value))


def print_path(path: Path, *, err: bool = False) -> None:
    """Print where a file is."""
    click.echo(printable(str(path)), err=err)


def json_line(value: Mapping[str, Any]) -> str:
    """Return an object as JSON on one line, which is valid UTF-8 even where a file's name is not."""
    line = json.dumps(value, ensure_ascii=False)
    return line if _is_text(line) else json.dumps(value)


def printable(text: str) -> str:
    """Return a text that every terminal takes: bytes of a file's name that are no text are written as escapes."""
    return text if _is_text(text) else text.encode("utf-8", "backslashreplace").decode()


def aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Yield a line per row, its cells padded to the widest of their column and two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _print_rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)

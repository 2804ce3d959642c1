"""What a run tells: lines for the journal first, then stdout. Nothing is said that could still be lost."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from sightline.cli._answers import AnswerFolder
from sightline.cli._journal import Source
from sightline.cli._output import json_line, print_table
from sightline.cli._progress import Progress

# A batch is synchronised with the disk at once. A run that is killed asks the pictures of the last one again.
BATCH_SIZE = 64
BATCH_S = 0.5
ROWS_PER_TABLE = 1000  # so that a long run needs little memory


@dataclass(frozen=True)
class Finished:
    """One answered picture: the object for `--json`, the row for the table, and the names of its files."""

    source: Source
    fields: Mapping[str, object]
    cells: tuple[str, ...]
    files: tuple[str, ...] = ()


class Reports:
    """Collects finished pictures and reports them in batches; without a folder, each at once."""

    def __init__(self, columns: Sequence[str], folder: AnswerFolder | None, progress: Progress, *, as_json: bool):
        self.count = 0
        self._columns = (*columns, "saved") if folder is not None else tuple(columns)
        self._folder = folder
        self._progress = progress
        self._as_json = as_json
        self._batch: list[Finished] = []
        self._batch_time = 0.0
        self._rows: list[tuple[str, ...]] = []

    def add(self, finished: Finished) -> None:
        self._batch.append(finished)
        is_late = time.monotonic() - self._batch_time >= BATCH_S
        if self._folder is None or is_late or len(self._batch) >= BATCH_SIZE:
            self.commit()

    def commit(self) -> None:
        """Report what is waiting."""
        batch, self._batch = self._batch, []
        self._batch_time = time.monotonic()
        if not batch:
            return
        if self._folder is not None:
            lines = [json_line({**_with_files(each), "source": each.source.as_json()}) for each in batch]
            self._folder.record(lines, [name for each in batch for name in each.files])
        self.count += len(batch)
        if self._as_json:
            shown = [_with_files(each) if self._folder is not None else each.fields for each in batch]
            click.echo("\n".join(json_line(each) for each in shown))
            return
        self._rows += [self._row(each) for each in batch]
        if len(self._rows) >= ROWS_PER_TABLE:
            self._print_rows()

    def end(self) -> None:
        """Report everything."""
        self.commit()
        self._print_rows()

    def _row(self, finished: Finished) -> tuple[str, ...]:
        if self._folder is None:
            return finished.cells
        saved = str(Path(self._folder.directory, finished.files[0])) if finished.files else "-"
        return (*finished.cells, saved)

    def _print_rows(self) -> None:
        rows, self._rows = self._rows, []
        if sys.stdout.isatty():
            self._progress.pause()
        print_table(self._columns, rows)


def _with_files(finished: Finished) -> dict[str, object]:
    return {**finished.fields, "files": list(finished.files)}

"""An index that is saved now and then while it grows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import click

from sightline._client import Client
from sightline.cli._failures import Failures
from sightline.cli._index_changes import Changes
from sightline.cli._inputs import shown
from sightline.cli._interrupt import Interrupts, interruptible
from sightline.cli._progress import Progress, progress
from sightline.errors import InvalidRequest, SightlineError
from sightline.matching import Index
from sightline.matching.builder import Builder
from sightline.matching.embedding import embed_stamped
from sightline.matching.one_model import check_still

SAVE_EVERY_S = 10.0
_SAVING_SHARE = 0.05  # of the time, at most, is spent on writing a large index again and again


class GrowingIndex:
    """Goes on with the index that is in a file, if there is one.

    Args:
        client: Asks the server.
        model: Name of a model for image-feature-extraction.
        path: The file.
        names: What each picture is asked under, by its identity.
        unlisted: Folders, absolute, that cannot be listed now.

    Attributes:
        index: What was saved last; None before the first save.
    """

    def __init__(
        self, client: Client, model: str, path: Path, names: Mapping[str, str], unlisted: Sequence[str]
    ) -> None:
        self._client = client
        self._model = model
        self._path = path
        self._names = names
        self._version = client.model(model).version
        self._builder = Builder(model, names)
        self._changes = Changes()
        self.index: Index | None = None
        earlier = self._earlier()
        if earlier is not None:
            self._builder.keep(earlier.names, earlier.vectors, earlier.stamps)
        self._left = self._builder.left_to_do
        self._saved = len(names) - len(self._left)
        if self._saved:
            click.echo(f"{self._saved:,} of {len(names):,} pictures are done already.", err=True)
        if earlier is not None:
            others = [name for name in earlier.names if name not in self._builder]
            self._changes = Changes.of(others, names, unlisted)
            self._builder.keep_as_is(self._changes.unseen, earlier.names, earlier.vectors, earlier.stamps)

    def embed_all(self, concurrency: int, failures: Failures) -> None:
        """Ask about every picture that is left, and save; a picture that cannot be read is a failure."""
        with progress(f"index with {self._model}", len(self._left), lines_on_stdout=False) as shown_progress:

            def last_words() -> None:
                shown_progress.say("\n".join((f"Interrupted. {self.standing()}", *self.changes())))

            with interruptible(last_words) as interrupts:
                self._embed(concurrency, failures, shown_progress, interrupts)
        if self._builder.count:
            self._save()
        elif self._path.exists():
            click.echo(f"{self._path} stays as it was, since there is nothing to put into it.", err=True)

    def _embed(self, concurrency: int, failures: Failures, shown_progress: Progress, interrupts: Interrupts) -> None:
        task = partial(embed_stamped, self._client, self._model)
        asked = [self._names[name] for name in self._left]
        outcomes: Any = self._client.map(asked, task, concurrency=concurrency, return_errors=True)
        save_at = time.monotonic() + SAVE_EVERY_S
        with closing(outcomes):
            for name, outcome in zip(self._left, outcomes, strict=True):
                if isinstance(outcome, SightlineError):
                    shown_progress.pause()
                    failures.of_picture(outcome, shown(self._names[name]))
                else:
                    failures.answered()
                    self._builder.add(name, *outcome)
                shown_progress.advance()
                if time.monotonic() >= save_at and self._builder.count:
                    start = time.monotonic()
                    with interrupts.held():
                        self._save()
                    now = time.monotonic()
                    save_at = now + max(SAVE_EVERY_S, (now - start) / _SAVING_SHARE)

    def _save(self) -> None:
        check_still(self._client, self._model, self._version)
        self.index = Index(self._model, self._version, *self._builder.fields())
        self.index.save(self._path)
        self._saved = sum(name in self._builder for name in self._names)

    def _earlier(self) -> Index | None:
        if not self._path.exists():
            return None
        earlier = Index.load(self._path)
        if (earlier.model, earlier.version) != (self._model, self._version):
            raise InvalidRequest(
                f"expected {self._path} to be of {self._model!r} version {self._version}, got one of "
                f"{earlier.model!r} version {earlier.version}; delete it, or choose another file with -o",
                model=self._model,
            )
        return earlier

    def standing(self) -> str:
        """Return what is safe by now, and what to do for the rest."""
        saved = f"{self._saved:,} of {len(self._names):,} pictures"
        return f"{saved} are in {self._path}; run the same again to go on."

    def changes(self) -> list[str]:
        """Return lines on what became of pictures that the earlier index held; none before the first save."""
        return [] if self.index is None else list(self._changes.lines())

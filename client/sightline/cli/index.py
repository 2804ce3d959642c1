"""`sightline index`: remember what pictures look like, for `sightline search`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from sightline._client import Client
from sightline.cli._failures import Failures
from sightline.cli._inputs import STDIN, find_inputs, identity, shown
from sightline.cli._interrupt import Interrupts, interruptible
from sightline.cli._options import Server, concurrency_option, model_option, server_options
from sightline.cli._output import print_json
from sightline.cli._progress import Progress, progress
from sightline.errors import InvalidRequest, SightlineError
from sightline.matching import Index
from sightline.matching.builder import Builder
from sightline.matching.embedding import check_still, embed_stamped

SAVE_EVERY_S = 10.0
_SAVING_SHARE = 0.05  # of the time, at most, is spent on writing a large index again and again

Function = TypeVar("Function", bound=Callable[..., Any])


def index_option(flag: str, help_text: str) -> Callable[[Function], Function]:
    """Add the option for the file of an index, passed as `index_path: Path`."""
    return click.option(
        flag,
        "index_path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("index.npz"),
        show_default=True,
        metavar="FILE",
        help=help_text,
    )


@click.command()
@click.argument("images", nargs=-1, required=True, metavar="FOLDER...")
@model_option("matching")
@index_option("-o", "The file to write; an index that is there already is brought up to date.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@concurrency_option
@server_options
def index(
    *, images: tuple[str, ...], model: str, index_path: Path, as_json: bool, concurrency: int, server: Server
) -> None:
    """Remember what pictures look like, so that `sightline search` finds those that are alike.

    A FOLDER may also be a file, a pattern such as "**/*.jpg", or a web address. Run the same again to bring an index up
    to date, or to go on with a run that was stopped: only pictures that are new or have changed are asked about, and
    those that are no longer there leave it. A picture that cannot be read gets a line on stderr.

    \b
    EXAMPLES
      sightline index photos/
      sightline index photos/ more/ --model face -o faces.npz
    """
    if STDIN in images:
        raise click.UsageError("expected files, folders or addresses, got -; an index needs a name for each picture")
    found = find_inputs(images)
    failures = Failures()
    for problem in found.problems:
        failures.of_picture(problem, None)
    with server.connect() as client:
        growing = _Growing(client, model, index_path, {identity(name): name for name in found.pictures})
        try:
            growing.embed_all(concurrency, failures)
        except SightlineError as exc:
            failures.of_run(exc)
            click.echo(growing.standing(), err=True)
        else:
            if growing.index is not None:
                _report(index_path, growing.index, as_json=as_json)
    if failures.exit_code:
        raise click.exceptions.Exit(failures.exit_code)


class _Growing:
    """An index that is saved now and then while it grows. names: what each picture is asked under, by its identity."""

    def __init__(self, client: Client, model: str, path: Path, names: Mapping[str, str]) -> None:
        self._client = client
        self._model = model
        self._path = path
        self._names = names
        self._version = client.model(model).version
        self._builder = Builder(model, names)
        self._saved = 0
        self.index: Index | None = None
        earlier = self._earlier()
        if earlier is not None:
            self._builder.keep(earlier.names, earlier.vectors, earlier.stamps)
            self._saved = self._builder.count
            self._tell(earlier)

    def embed_all(self, concurrency: int, failures: Failures) -> None:
        left = self._builder.left_to_do
        title = f"index with {self._model}"
        with progress(title, len(left), lines_on_stdout=False) as shown_progress:

            def last_words() -> None:
                shown_progress.say(f"Interrupted. {self.standing()}")

            with interruptible(last_words) as interrupts:
                self._embed(left, concurrency, failures, shown_progress, interrupts)
        if self._builder.count:
            self._save()

    def _embed(
        self, left: list[str], concurrency: int, failures: Failures, shown_progress: Progress, interrupts: Interrupts
    ) -> None:
        task = partial(embed_stamped, self._client, self._model)
        asked = [self._names[name] for name in left]
        outcomes: Any = self._client.map(asked, task, concurrency=concurrency, return_errors=True)
        save_at = time.monotonic() + SAVE_EVERY_S
        with closing(outcomes):
            for name, outcome in zip(left, outcomes, strict=True):
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
        self._saved = len(self.index)

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

    def _tell(self, earlier: Index) -> None:
        if self._builder.count:
            click.echo(f"{self._builder.count:,} of {len(self._names):,} pictures are done already.", err=True)
        gone = sum(name not in self._names for name in earlier.names)
        if gone:
            many = f"{gone:,} pictures are no longer there, and leave the index."
            click.echo("1 picture is no longer there, and leaves the index." if gone == 1 else many, err=True)

    def standing(self) -> str:
        """Return what is safe by now."""
        saved = f"{self._saved:,} of {len(self._names):,} pictures"
        return f"{saved} are in {self._path}; run the same again to go on."


def _report(path: Path, index: Index, *, as_json: bool) -> None:
    if as_json:
        counts = {"pictures": len(index), "dimensions": index.vectors.shape[1]}
        print_json({"index": str(path), "model": index.model, "version": index.version, **counts})
    else:
        click.echo(f"{path}: {index}")

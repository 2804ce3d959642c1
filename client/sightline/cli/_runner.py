"""Asks one question about many pictures: in order, several at a time, and resumable."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import click

from sightline._client import Client
from sightline.cli._answers import AnswerFolder, Settings, open_folder
from sightline.cli._errors import FileFailed
from sightline.cli._failures import Failures
from sightline.cli._inputs import STDIN, Inputs, absolute, find_inputs, shown
from sightline.cli._interrupt import Interrupts, interruptible
from sightline.cli._journal import Source
from sightline.cli._options import Run, Server
from sightline.cli._output_names import output_stem
from sightline.cli._progress import Progress, progress
from sightline.cli._question import Question
from sightline.cli._reports import Finished, Reports
from sightline.errors import SightlineError
from sightline.images import encode_image

Answer = TypeVar("Answer")
Outcome = Finished | FileFailed


def answer_pictures(question: Question[Answer], run: Run, server: Server) -> None:
    """Answer every picture of a run and report each; then end with the exit code of the first failure."""
    _check(run)
    found = find_inputs(run.images, leave_out=run.directory)
    failures = Failures()
    for problem in found.problems:
        failures.of_picture(problem, None)
    if found.pictures:
        with _folder(question, run, found) as folder:
            pictures = found.pictures if folder is None else folder.left_to_do(found.pictures)
            if len(pictures) < len(found.pictures):
                done = len(found.pictures) - len(pictures)
                click.echo(f"{done:,} of {len(found.pictures):,} pictures are done already.", err=True)
            if pictures:
                _Session(question, run, server, folder, failures).ask_all(pictures)
    if failures.exit_code:
        raise click.exceptions.Exit(failures.exit_code)


class _Session:
    def __init__(
        self, question: Question[Any], run: Run, server: Server, folder: AnswerFolder | None, failures: Failures
    ) -> None:
        self._question = question
        self._run = run
        self._server = server
        self._folder = folder
        self._failures = failures

    def ask_all(self, pictures: Sequence[str]) -> None:
        title = f"{self._question.command} with {self._question.model}"
        with progress(title, len(pictures), lines_on_stdout=self._run.as_json) as shown_progress:
            reports = Reports(
                ("image", *self._question.columns), self._folder, shown_progress, as_json=self._run.as_json
            )

            def last_words() -> None:
                reports.end()
                shown_progress.say(f"Interrupted. {self._standing(reports.count, len(pictures))}")

            try:
                with interruptible(last_words) as interrupts:
                    self._ask(pictures, reports, shown_progress, interrupts)
            except (SightlineError, FileFailed) as exc:
                shown_progress.pause()
                self._failures.of_run(exc)
                if reports.count:
                    shown_progress.say(self._standing(reports.count, len(pictures)))

    def _ask(self, pictures: Sequence[str], reports: Reports, shown_progress: Progress, interrupts: Interrupts) -> None:
        try:
            with self._server.connect() as client:
                outcomes: Any = client.map(
                    pictures, self._task(client), concurrency=self._run.concurrency, return_errors=True
                )
                # closed here, not whenever its last reference goes: that may be in one of its own threads
                with closing(outcomes):
                    for name, outcome in zip(pictures, outcomes, strict=True):
                        with interrupts.held():
                            self._take(name, outcome, reports, shown_progress)
        finally:
            with interrupts.held():
                reports.end()

    def _task(self, client: Client) -> Callable[[Any], Outcome]:
        def answer_one(name: str) -> Outcome:
            source = Source.of(name)  # before it is read: a change while it is read is one that comes after
            data = sys.stdin.buffer.read() if name == STDIN else name
            picture = encode_image(data, timeout=self._server.timeout)
            answer = self._question.ask(client, picture)
            fields = {"image": shown(name), "model": self._question.model, **self._question.fields(answer)}
            cells = (shown(name), *self._question.cells(answer))
            if self._folder is None:
                return Finished(source, fields, cells)
            stem = output_stem(name, base=self._folder.base)
            files: list[str] = []
            for suffix, content in self._question.files(answer, picture):
                try:
                    self._folder.write(stem + suffix, content)
                except FileFailed as exc:
                    return exc
                files.append(stem + suffix)
            return Finished(source, fields, cells, tuple(files))

        return answer_one

    def _take(self, name: str, outcome: Outcome | SightlineError, reports: Reports, shown_progress: Progress) -> None:
        if isinstance(outcome, FileFailed):
            raise outcome
        if isinstance(outcome, SightlineError):
            shown_progress.pause()
            self._failures.of_picture(outcome, shown(name))
        else:
            self._failures.answered()
            reports.add(outcome)
        shown_progress.advance()

    def _standing(self, count: int, total: int) -> str:
        answered = f"{count:,} of {total:,} pictures were answered"
        if self._folder is None:
            return f"{answered}; with -o DIR a run can be resumed."
        return f"{answered} and are in {self._folder.directory}; add --resume to go on."


def _check(run: Run) -> None:
    if run.directory is None:
        if run.resume:
            raise click.UsageError(
                "expected -o DIR beside --resume, got none; name the folder of the run to go on with"
            )
        return
    if run.resume and STDIN in run.images:
        raise click.UsageError(
            "expected files, folders or addresses with --resume, got -; "
            "nobody can tell whether stdin holds the same as last time"
        )
    if absolute(run.directory) in {absolute(word) for word in run.images}:
        raise click.UsageError(
            f"expected another folder for the answers than for the pictures, got {run.directory} for both; change -o"
        )


@contextmanager
def _folder(question: Question[Any], run: Run, found: Inputs) -> Generator[AnswerFolder | None]:
    if run.directory is None:
        yield None
        return
    settings = Settings(question.command, question.model, question.options, found.base)
    with open_folder(run.directory, settings, resume=run.resume) as folder:
        yield folder

"""Asks a real tritonserver which models load, and which batches they answer."""

import re
import shutil
from collections.abc import Generator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from export.lint.answer import Answer
from export.lint.case import Case
from export.lint.merge import Merged, merge
from export.lint.questions import ask
from export.lint.triton import ServerEnded, Triton, run_triton

from sightline_server.backend_directory import make_run_directory

CHUNK = 80
Answers = dict[str, dict[str, Answer]]
"""Case -> model -> answer."""


def judge(cases: Sequence[Case]) -> Answers:
    """Load every case for real, many of them in one server.

    A case that ends or holds up the server is found; its models count as not loading.
    """
    together = [case for case in cases if not case.alone]
    answers: Answers = {}
    with ThreadPoolExecutor(3) as pool:  # those with a server of their own mostly hang and wait
        waiting = [pool.submit(_judge_chunk, [case]) for case in cases if case.alone]
        for start in range(0, len(together), CHUNK):
            answers |= _judge_chunk(together[start : start + CHUNK])
        for one in waiting:
            answers |= one.result()
    return {case.id: answers[case.id] for case in cases}


@dataclass(frozen=True)
class _Place:
    repository: Path
    run: Path


@contextmanager
def _place() -> Generator[_Place]:
    folder = make_run_directory()
    try:
        (folder / "repository").mkdir()
        (folder / "run").mkdir()
        yield _Place(folder / "repository", folder / "run")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _judge_chunk(cases: Sequence[Case]) -> Answers:
    with _place() as place:
        if cases[0].alone:
            cases[0].build(place.repository)
            merged = Merged({(cases[0].id, model): model for model in cases[0].targets})
        else:
            merged = merge(cases, place.repository)
        try:
            with run_triton(place.repository, place.run) as triton:
                return _answers(cases, merged, triton, place)
        except ServerEnded as ended:
            if len(cases) == 1:
                return {cases[0].id: {model: Answer(False, 0, str(ended)) for model in cases[0].targets}}
            parts = _apart(cases, {case for (case, _), name in merged.names.items() if name in ended.loading})
    return _judge_chunk(parts[0]) | _judge_chunk(parts[1])


def _apart(cases: Sequence[Case], suspects: Set[str]) -> tuple[Sequence[Case], Sequence[Case]]:
    """Those that the server was busy with, and the others; or two halves, where that tells nothing."""
    if 0 < len(suspects) < len(cases):
        return [case for case in cases if case.id in suspects], [case for case in cases if case.id not in suspects]
    return cases[: len(cases) // 2], cases[len(cases) // 2 :]


def _answers(cases: Sequence[Case], merged: Merged, triton: Triton, place: _Place) -> Answers:
    asked = sorted({merged.names[case.id, model] for case in cases for model in case.targets})
    with ThreadPoolExecutor(4) as pool:
        by_name = dict(zip(asked, pool.map(partial(ask, triton), asked), strict=True))
    if len(cases) > 1 and not triton.is_alive:
        raise ServerEnded(triton.how_it_ended())
    return {
        case.id: {model: _in_own_words(by_name[merged.names[case.id, model]], merged, place) for model in case.targets}
        for case in cases
    }


def _in_own_words(answer: Answer, merged: Merged, place: _Place) -> Answer:
    reason = merged.original_words(answer.reason).replace(str(place.repository), "<repository>")
    reason = re.sub(r"/[^ ()]*/lib/(?=python3)", "<python>/lib/", reason.replace(str(place.run), "<run>"))
    return Answer(answer.loads, answer.max_batch, reason)

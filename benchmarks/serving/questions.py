"""The payloads of a scenario as files, and the right answers to them, which the bare loop gives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.serving.answer import TOP, Ranked
from benchmarks.serving.limit import ONE, measure_limit
from benchmarks.serving.pictures import pictures
from benchmarks.serving.scenario import Questions, Scenario, Served

from sightline_backend.pixels import decode

FOLDER = Path("build/benchmarks/questions")
APART = 1e-6
"""Scores of neighbours in a right answer differ by more, or rounding would decide who comes first."""


def questions(scenario: Scenario, model: Served) -> Questions:
    """Write the payloads and have them answered once by the bare loop.

    Raises:
        RuntimeError: two labels of an answer are as good as each other.
    """
    payloads = pictures()
    if scenario.asks == "tensor":
        payloads = tuple(decode(picture, model.pixels).tobytes() for picture in payloads)
    files = _written(scenario.key, payloads)
    answers = measure_limit(model, scenario.asks, files, ONE, seconds=0.1).answers
    for number, answer in enumerate(answers):
        require_apart(number, answer)
    return Questions(payloads, answers, files)


def require_apart(number: int, answer: Ranked) -> None:
    """Raises RuntimeError where the order of an answer hangs on rounding."""
    scores = [score for _, score in answer]
    if len(scores) != TOP or any(one - other <= APART for one, other in pairwise(scores)):
        raise RuntimeError(f"expected {TOP} labels whose scores differ for picture {number}, got {answer}")


def _written(name: str, payloads: Sequence[bytes]) -> list[Path]:
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{index:02d}" for index in range(len(payloads))]
    for file, payload in zip(files, payloads, strict=True):
        beside = file.with_suffix(".partial")
        beside.write_bytes(payload)
        beside.replace(file)
    return files

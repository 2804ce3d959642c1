"""Runs a dynamic batch: one call of the session for as many requests as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline_backend.errors import ModelError

Array = npt.NDArray[Any]
Run = Callable[[list[str], dict[str, Array]], list[Array]]
"""Output names and inputs of a session to its outputs."""


@dataclass(frozen=True)
class Work:
    """The inputs of one request and the outputs that it asks for."""

    inputs: Mapping[str, Array]
    output_names: tuple[str, ...]

    @property
    def batch_size(self) -> int:
        return len(next(iter(self.inputs.values())))


Result = dict[str, Array] | Exception


def run_all(works: Sequence[Work | Exception], run: Run, *, batching: bool) -> list[Result]:
    """Answer a dynamic batch.

    Args:
        works: one per request; what already ended in an exception keeps it.
        run: runs the session; raises ModelError.
        batching: whether inputs and outputs have a batch axis. If so, requests whose inputs agree in all other
            dimensions are concatenated. If such a group fails, its requests are run one by one, so that only those
            that are at fault get the error.

    Returns:
        For each request, in order, its outputs by name, or the exception that it ended in.
    """
    results: list[Result] = [work if isinstance(work, Exception) else {} for work in works]
    for group in _groups(works) if batching else ({index: work} for index, work in _sound(works)):
        answers = _run_group(list(group.values()), run, batching)
        for index, answer in zip(group, answers, strict=True):
            results[index] = answer
    return results


def _sound(works: Sequence[Work | Exception]) -> Iterator[tuple[int, Work]]:
    for index, work in enumerate(works):
        if isinstance(work, Work):
            yield index, work


def _groups(works: Sequence[Work | Exception]) -> list[dict[int, Work]]:
    groups: dict[object, dict[int, Work]] = {}
    for index, work in _sound(works):
        key = frozenset((name, array.shape[1:]) for name, array in work.inputs.items())
        groups.setdefault(key, {})[index] = work
    return list(groups.values())


def _run_group(works: Sequence[Work], run: Run, batching: bool) -> list[Result]:
    try:
        return list(_run_together(works, run) if batching else [_run_one(works[0], run)])
    except Exception as error:
        if len(works) == 1:
            return [error]
        return [answer for work in works for answer in _run_group([work], run, batching)]


def _run_one(work: Work, run: Run) -> dict[str, Array]:
    return dict(zip(work.output_names, run(list(work.output_names), dict(work.inputs)), strict=True))


def _run_together(works: Sequence[Work], run: Run) -> list[dict[str, Array]]:
    wanted = list(dict.fromkeys(name for work in works for name in work.output_names))
    first = works[0].inputs
    inputs = (
        dict(first)
        if len(works) == 1
        else {name: np.concatenate([work.inputs[name] for work in works]) for name in first}
    )
    outputs = dict(zip(wanted, run(wanted, inputs), strict=True))
    sizes = [work.batch_size for work in works]
    for name, output in outputs.items():
        if output.shape[:1] != (sum(sizes),):
            raise ModelError(
                f"output '{name}': expected {sum(sizes)} as first dimension, the size of the batch, the model gave "
                f"the shape {list(output.shape)}; keep the batch axis in the graph, or set max_batch_size to 0"
            )
    ends = accumulate(sizes)
    return [
        {name: outputs[name][end - size : end] for name in work.output_names}
        for work, size, end in zip(works, sizes, ends, strict=True)
    ]

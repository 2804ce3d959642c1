"""A network of a pipeline: one session with all threads, and one of a single thread for large batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import TypeVar

from sightline_backend.onnx_runtime.batching import Result, Run, Work, run_all
from sightline_backend.steps import Arrays
from sightline_backend.workers import Workers

LEAST_SHARE = 4
"""Requests for each thread from which on they are shared; measured in docs/performance.md."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Opened:
    """A session that is open. outputs: the names of all of them."""

    run: Run
    outputs: tuple[str, ...]


class Network:
    """Asked for all requests of a batch at once.

    All threads work on a small batch together: the weights of a dense layer are then read once, which is most of what
    it costs. Of a large batch each thread takes its share: that saves the threads from meeting after each operation.

    Args:
        open_session: With so many threads. It is called again when the first large batch comes: a model that is asked
            seldom holds its weights once.
        workers: The threads.
    """

    def __init__(self, open_session: Callable[[int], Opened], workers: Workers) -> None:
        self._open_session = open_session
        self._workers = workers
        self._together = open_session(workers.threads)

    @cached_property
    def _alone(self) -> Opened:
        return self._open_session(1)

    def answer(self, works: Sequence[Work | Exception]) -> list[Result]:
        """For each of them, in order, its outputs by name, or the exception that it ended in."""
        threads = self._workers.threads
        if threads == 1 or len(works) < LEAST_SHARE * threads:
            return run_all(works, self._together.run, batching=True)
        run = self._alone.run
        parts = self._workers.map(lambda share: run_all(share, run, batching=True), shares(works, threads))
        return list(chain.from_iterable(parts))

    def ask(self, inputs: Arrays) -> Arrays:
        """All outputs for one set of inputs, as a step asks that has a network of its own."""
        outputs = self._together.outputs
        return dict(zip(outputs, self._together.run(list(outputs), dict(inputs)), strict=True))


def shares(items: Sequence[Item], count: int) -> list[Sequence[Item]]:
    """At most `count` parts of nearly the same length, in order, none of them empty.

    >>> shares([1, 2, 3, 4, 5], 2)
    [[1, 2], [3, 4, 5]]
    """
    count = min(count, len(items))
    ends = [len(items) * part // count for part in range(count + 1)]
    return [items[start:end] for start, end in pairwise(ends)]

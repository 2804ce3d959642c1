"""Threads that share the requests of a dynamic batch among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from sightline_backend.cores import available_cores

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """Does the same to each of several requests, one on each core at a time.

    Codecs, resampling and networks give up the interpreter's lock while they work. The caller's thread is one of the
    workers: a request that comes alone wakes nobody.

    threads: all of them; the cores that this process may use unless it is said.

    >>> Workers().map(decode_picture, files)
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = available_cores() if threads is None else threads
        self._pool = ThreadPoolExecutor(max(1, self.threads - 1), "worker")

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """The results in the order of the items.

        Each worker takes the next item as soon as it has done its last. What `work` raises is raised here, once all of
        them stand still.
        """
        helpers = min(self.threads, len(items)) - 1
        if helpers < 1:
            return [work(item) for item in items]
        results: dict[int, Result] = {}
        turns = iter(range(len(items)))  # each number is taken once: `next` of it can't be interrupted

        def take_turns() -> None:
            for turn in turns:
                results[turn] = work(items[turn])

        helping = [self._pool.submit(take_turns) for _ in range(helpers)]
        try:
            take_turns()
        finally:
            wait(helping)  # nothing may touch the requests once this has ended
        for each in helping:
            each.result()
        return [results[turn] for turn in range(len(items))]

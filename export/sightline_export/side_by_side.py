"""Several exports at once, each in a process of its own: small networks train best on one core each."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import cast

from sightline_export.errors import ExportError
from sightline_export.release import Doing, Done
from sightline_export.training.progress import Epoch

Event = Epoch | Doing | Done
Work = Callable[[str], Iterator[Event]]
"""What is done for a name; it is handed to another process."""

MOST_JOBS = 4  # each holds PyTorch and the data: some 700 MB


def default_jobs() -> int:
    """As many as there are cores, within reason."""
    return min(MOST_JOBS, len(os.sched_getaffinity(0)))


def side_by_side(
    names: Sequence[str], requires: Mapping[str, Sequence[str]], work: Work, jobs: int
) -> Iterator[tuple[str, Event | None]]:
    """Do `work` for every name, at most `jobs` at a time, and yield what each reports; None when it has ended well.

    requires: of each name those that have to end first; others than `names` count as done. What fails lets the others
    go on, apart from those that require it; at the end the first failure is raised.
    """
    waiting, running = list(names), dict[Connection, tuple[str, BaseProcess]]()
    failures: dict[str, Exception] = {}
    done: set[str] = set()
    try:
        while waiting or running:
            for name in [name for name in waiting if any(other in failures for other in requires.get(name, ()))]:
                waiting.remove(name)
                failures[name] = ExportError(f"{name}: not built, because what it requires was not")
            for name in [name for name in waiting if _may_begin(name, names, requires, done)]:
                if len(running) < jobs:
                    waiting.remove(name)
                    connection, process = _begun(work, name, jobs)
                    running[connection] = name, process
            for ready in wait(list(running)):
                connection = cast(Connection, ready)
                name, process = running[connection]
                try:
                    event = cast("Event | Exception | None", connection.recv())
                except EOFError:
                    event = ExportError(f"{name}: its process ended without a word; it may have run out of memory")
                if isinstance(event, Epoch | Doing | Done):
                    yield name, event
                    continue
                process.join()
                del running[connection]
                if event is None:
                    done.add(name)
                    yield name, None
                else:
                    failures[name] = event
                    yield name, Done(f"failed: {event}")
    finally:
        for _, process in running.values():
            process.terminate()
        for _, process in running.values():
            process.join()
    if failures:
        raise next(iter(failures.values()))


def _may_begin(name: str, names: Sequence[str], requires: Mapping[str, Sequence[str]], done: set[str]) -> bool:
    return all(other in done or other not in names for other in requires.get(name, ()))


def _begun(work: Work, name: str, jobs: int) -> tuple[Connection, BaseProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, name, theirs, jobs), name=f"export {name}", daemon=False)
    process.start()
    theirs.close()
    return ours, process


def _work(work: Work, name: str, connection: Connection, jobs: int) -> None:
    """In the other process. It ends when nobody listens any more."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the first process ends the others
    signal.signal(signal.SIGTERM, _leave)
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // jobs))
    with suppress(BrokenPipeError):
        try:
            for event in work(name):
                connection.send(event)
            connection.send(None)
        except Exception as error:
            connection.send(error if isinstance(error, ExportError) else ExportError(f"{name}: {error!r}"))


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(1)  # runs what is to be cleaned up: staging folders, servers

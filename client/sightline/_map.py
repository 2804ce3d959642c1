"""Many pictures, a bounded number at a time, with the answers in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sightline.errors import InvalidRequest, SightlineError

Item = TypeVar("Item")
Result = TypeVar("Result")

# So many answers per worker may wait for an earlier one that is slow, before no more pictures are taken.
_AHEAD = 4


def map_in_threads(
    items: Iterable[Item], task: Callable[[Item], Result], *, concurrency: int, return_errors: bool
) -> Iterator[Result | SightlineError]:
    """Yield `task(item)` for each item, in order, with at most `concurrency` of them running."""
    _check_concurrency(concurrency)
    return _map_in_threads(items, task, concurrency, return_errors)


def _map_in_threads(
    items: Iterable[Item], task: Callable[[Item], Result], concurrency: int, return_errors: bool
) -> Iterator[Result | SightlineError]:
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="sightline-map")
    try:
        source, failure = iter(items), None
        while True:
            try:
                item = next(source)
            except StopIteration:
                break
            except Exception as exc:  # raised when its turn comes, after the answers before it
                failure = exc
                break
            waiting.append(pool.submit(task, item))
            if len(waiting) >= concurrency * _AHEAD:
                yield _outcome(waiting.popleft(), return_errors)
            while waiting and waiting[0].done():
                yield _outcome(waiting.popleft(), return_errors)
        while waiting:
            yield _outcome(waiting.popleft(), return_errors)
        if failure is not None:
            raise failure
    finally:
        # Nothing is waited for: who leaves early goes on at once, also when the garbage collector closes the generator
        # on one of the pool's own threads.
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[Result], return_errors: bool) -> Result | SightlineError:
    try:
        return future.result()
    except SightlineError as exc:
        if return_errors:
            return exc
        raise


def map_in_tasks(
    items: Iterable[Item], task: Callable[[Item], Awaitable[Result]], *, concurrency: int, return_errors: bool
) -> AsyncIterator[Result | SightlineError]:
    """Yield `await task(item)` for each item, in order, with at most `concurrency` of them running."""
    _check_concurrency(concurrency)
    return _map_in_tasks(items, task, concurrency, return_errors)


async def _map_in_tasks(
    items: Iterable[Item], task: Callable[[Item], Awaitable[Result]], concurrency: int, return_errors: bool
) -> AsyncIterator[Result | SightlineError]:
    loop = asyncio.get_running_loop()
    source = iter(items)
    waiting: deque[asyncio.Future[Result]] = deque()
    room = asyncio.Semaphore(concurrency * _AHEAD)

    async def work() -> None:
        """Do the task for whatever item is next; a few workers cost less than an asyncio task for each item."""
        nonlocal source
        while await room.acquire():
            answer: asyncio.Future[Result] = loop.create_future()
            try:
                item = next(source)
            except StopIteration:
                break
            except Exception as exc:  # raised when its turn comes, after the answers before it
                source = iter(())
                waiting.append(answer)
                answer.set_exception(exc)
                break
            waiting.append(answer)
            try:
                answer.set_result(await task(item))
            except asyncio.CancelledError:
                answer.cancel()
                raise
            except Exception as exc:  # it is raised where its answer would be
                answer.set_exception(exc)
        room.release()  # for the workers that still wait, so that they see the end too

    workers = [asyncio.create_task(work()) for _ in range(concurrency)]
    try:
        while True:
            while waiting:
                try:
                    yield await waiting.popleft()
                except SightlineError as exc:
                    if not return_errors:
                        raise
                    yield exc
                room.release()
            if all(worker.done() for worker in workers):
                break
            await asyncio.sleep(0)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        for answer in waiting:
            if not answer.cancelled():
                answer.exception()  # nobody asks for these any more


def _check_concurrency(concurrency: int) -> None:
    if concurrency < 1:
        raise InvalidRequest(f"expected concurrency to be 1 or larger, got {concurrency}; 8 suits most servers")

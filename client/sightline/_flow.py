"""Conversations without input and output: generators that say what to do next, and the two who do it.

A flow yields a step and is sent its outcome, or thrown its error. `run` performs the steps on the calling thread,
`run_async` on an event loop; nothing else differs between the two clients.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sightline._deadline import Deadline
from sightline._requests import Request
from sightline._transports.base import AsyncTransport, Transport

_THREADS = 32

Result = TypeVar("Result")
Answer = TypeVar("Answer")


class Send(NamedTuple):
    """Send a request; the outcome is its answer."""

    request: Request[Any]
    deadline: Deadline


class Work(NamedTuple):
    """Call a function that would hold up an event loop; the outcome is what it returns.

    `to_its_end`: who is cancelled meanwhile waits for it, because it uses what is given up afterwards.
    """

    function: Callable[[], Any]
    to_its_end: bool = False


class Pause(NamedTuple):
    """Let time pass."""

    seconds: float


Step: TypeAlias = Send | Work | Pause
Flow: TypeAlias = Generator[Step, Any, Result]


def send(request: Request[Answer], deadline: Deadline) -> Flow[Answer]:
    """Send a request as part of a flow; typed, unlike a bare `yield`."""
    answer: Answer = yield Send(request, deadline)
    return answer


def work(function: Callable[[], Result], *, to_its_end: bool = False) -> Flow[Result]:
    """Call a slow function as part of a flow."""
    result: Result = yield Work(function, to_its_end)
    return result


def run(flow: Flow[Result], transport: Transport) -> Result:
    """Perform a flow on this thread."""
    outcome: Any = None
    try:
        step = next(flow)
        while True:
            try:
                match step:
                    case Send(request, deadline):
                        outcome = transport.send(request, deadline)
                    case Work(function):
                        outcome = function()
                    case Pause(seconds):
                        outcome = time.sleep(seconds)
            except BaseException as exc:
                step = flow.throw(exc)
            else:
                step = flow.send(outcome)
    except StopIteration as end:
        return end.value


async def run_async(flow: Flow[Result], transport: AsyncTransport) -> Result:
    """Perform a flow on the running event loop; slow functions go to threads."""
    outcome: Any = None
    try:
        step = next(flow)
        while True:
            try:
                match step:
                    case Send(request, deadline):
                        outcome = await transport.send(request, deadline)
                    case Work(function, to_its_end):
                        outcome = await _in_a_thread(function, to_its_end=to_its_end)
                    case Pause(seconds):
                        outcome = await asyncio.sleep(seconds)
            except BaseException as exc:
                step = flow.throw(exc)
            else:
                step = flow.send(outcome)
    except StopIteration as end:
        return end.value


async def _in_a_thread(function: Callable[[], Any], *, to_its_end: bool) -> Any:
    outcome = asyncio.get_running_loop().run_in_executor(_threads(), function)
    try:
        return await asyncio.shield(outcome)
    except asyncio.CancelledError:
        if to_its_end:
            await asyncio.wait([outcome])
        else:
            outcome.cancel()
        raise


@functools.cache
def _threads() -> ThreadPoolExecutor:
    # Of our own: pictures that come slowly from the web must not hold up others who use the loop's few threads.
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="sightline-work")

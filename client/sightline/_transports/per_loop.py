"""Connections that belong to one event loop each, for a client that several loops share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

from sightline._transports import faults

Resource = TypeVar("Resource")


class PerLoop(Generic[Resource]):
    """Opens a resource for each event loop that asks, and closes it with the loop, or with `close`.

    `asyncio.run` and its likes finish the asynchronous generators of a loop before they close it, so what a generator
    holds is closed even where nobody closes the client.

    Args:
        open_one: Opens the resource on the running loop.
        close_one: Closes it, on the same loop.
    """

    def __init__(self, open_one: Callable[[], Resource], close_one: Callable[[Resource], Awaitable[None]]) -> None:
        self._open_one = open_one
        self._close_one = close_one
        self._held: dict[asyncio.AbstractEventLoop, tuple[Resource, AsyncGenerator[Resource, None]]] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def opened(self) -> Resource | None:
        """Return the running loop's own resource, if it is there already."""
        found = self._held.get(asyncio.get_running_loop())
        return None if found is None else found[0]

    async def open(self) -> Resource:
        """Return the running loop's own resource, made if missing."""
        loop = asyncio.get_running_loop()
        holder = self._held_until_the_end(loop)
        resource = await anext(holder)
        kept = self._keep(loop, resource, holder)
        if kept is not resource:
            await holder.aclose()
        if kept is None:
            raise faults.closed()
        return kept

    async def close(self) -> None:
        """Close the resources of all loops; `open` raises from now on."""
        with self._lock:
            self._is_closed = True
            held = [(loop, holder) for loop, (_, holder) in self._held.items()]
            self._held.clear()
        for loop, holder in held:
            if loop is asyncio.get_running_loop():
                await holder.aclose()
            elif loop.is_running():
                # Another thread's loop. One that does not run now closes its own at its end.
                closing = _finish(holder)
                try:
                    asyncio.run_coroutine_threadsafe(closing, loop)
                except RuntimeError:  # it ended meanwhile
                    closing.close()

    def _keep(
        self, loop: asyncio.AbstractEventLoop, resource: Resource, holder: AsyncGenerator[Resource, None]
    ) -> Resource | None:
        """Return the resource of the loop: the first one, where two tasks came here at once; None after the end."""
        with self._lock:
            if self._is_closed:
                return None
            for stale in [each for each in self._held if each.is_closed()]:
                del self._held[stale]
            return self._held.setdefault(loop, (resource, holder))[0]

    async def _held_until_the_end(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[Resource, None]:
        resource = self._open_one()
        try:
            yield resource
        finally:
            with self._lock:
                if loop in self._held and self._held[loop][0] is resource:
                    del self._held[loop]
            await self._close_one(resource)


async def _finish(holder: AsyncGenerator[Resource, None]) -> None:
    await holder.aclose()

"""The ways to a server: two protocols, asked by the client that blocks and by the one that is awaited."""

import asyncio
import inspect
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from sightline import AsyncClient, Client

WAYS = ("http", "grpc", "async http", "async grpc")


@contextmanager
def client_over(way: str, http_url: str, grpc_url: str, **options: Any) -> Generator[Client]:
    """A client over one of `WAYS`. The asynchronous one is made to block, so that one test is for both."""
    url = http_url if way.endswith("http") else grpc_url
    if not way.startswith("async"):
        with Client(url, **options) as client:
            yield client
        return
    with running_loop() as loop:
        client = AsyncClient(url, **options)
        yield cast(Client, Blocking(client, loop))
        asyncio.run_coroutine_threadsafe(client.close(), loop).result()


@contextmanager
def running_loop() -> Generator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


class Blocking:
    """An `AsyncClient` whose methods wait for their answer."""

    def __init__(self, client: AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._client, name)
        if not inspect.iscoroutinefunction(member):
            return member

        def wait(*arguments: Any, **options: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(member(*arguments, **options), self._loop).result()

        return wait

"""tritonclient as a careful user writes it by hand: connections kept, nothing retried, nothing validated."""

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tritonclient.grpc
import tritonclient.grpc.aio
import tritonclient.http
import tritonclient.http.aio
from benchmarks.client.run import CONCURRENCY, MODEL, WARM_UP, Addresses, Run, Stopwatch

# tritonclient has few annotations
grpc: Any = tritonclient.grpc
grpc_aio: Any = tritonclient.grpc.aio
http: Any = tritonclient.http
http_aio: Any = tritonclient.http.aio


def request(module: Any, picture: bytes) -> list[Any]:
    tensor = module.InferInput("IMAGE", [1, 1], "BYTES")
    tensor.set_data_from_numpy(np.array([[picture]], dtype=np.object_))
    return [tensor]


def label(answer: Any) -> str:
    return str(int(answer.as_numpy("SCORES")[0].argmax()))


def asker(client: Any, module: Any) -> Callable[[bytes], str]:
    return lambda picture: label(client.infer(MODEL, request(module, picture)))


def async_asker(client: Any, module: Any) -> Callable[[bytes], Awaitable[str]]:
    async def ask(picture: bytes) -> str:
        return label(await client.infer(MODEL, request(module, picture)))

    return ask


def grpc_threads(addresses: Addresses, pictures: Sequence[bytes]) -> Run:
    """One client for eight threads."""
    client = grpc.InferenceServerClient(addresses.grpc)
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(asker(client, grpc), pictures[:WARM_UP]))
        watch = Stopwatch()
        run = watch.run(list(pool.map(asker(client, grpc), pictures)))
    client.close()
    return run


def http_threads(addresses: Addresses, pictures: Sequence[bytes]) -> Run:
    """A client for each of eight threads, because one for all of them hangs."""
    labels = [""] * len(pictures)
    indices = itertools.count()
    warm = threading.Barrier(CONCURRENCY + 1)

    def work() -> None:
        client = http.InferenceServerClient(addresses.http)
        ask = asker(client, http)
        for picture in pictures[: WARM_UP // CONCURRENCY]:
            ask(picture)
        warm.wait()
        while (index := next(indices)) < len(pictures):
            labels[index] = ask(pictures[index])
        client.close()

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        workers = [pool.submit(work) for _ in range(CONCURRENCY)]
        warm.wait()
        watch = Stopwatch()
        for worker in workers:
            worker.result()
        return watch.run(labels)


def grpc_async(addresses: Addresses, pictures: Sequence[bytes]) -> Run:
    return asyncio.run(by_tasks(lambda: grpc_aio.InferenceServerClient(addresses.grpc), grpc, pictures))


def http_async(addresses: Addresses, pictures: Sequence[bytes]) -> Run:
    return asyncio.run(by_tasks(lambda: http_aio.InferenceServerClient(addresses.http), http, pictures))


async def by_tasks(connect: Callable[[], Any], module: Any, pictures: Sequence[bytes]) -> Run:
    """One client for eight tasks of one loop."""
    async with connect() as client:
        await answers(client, module, pictures[:WARM_UP])
        watch = Stopwatch()
        return watch.run(await answers(client, module, pictures))


async def answers(client: Any, module: Any, pictures: Sequence[bytes]) -> list[str]:
    labels = [""] * len(pictures)
    indices = itertools.count()
    ask = async_asker(client, module)

    async def work() -> None:
        while (index := next(indices)) < len(pictures):
            labels[index] = await ask(pictures[index])

    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return labels

"""The same load through `sightline.Client` and `sightline.AsyncClient`."""

import asyncio
from collections.abc import Sequence
from functools import partial

from benchmarks.client.run import CONCURRENCY, MODEL, WARM_UP, Addresses, Run, Stopwatch

from sightline import AsyncClient, Client


def grpc_sync(addresses: Addresses, pictures: Sequence[bytes]) -> Run:
    return by_threads(f"grpc://{addresses.grpc}", pictures)


def http_sync(addresses: Addresses, pictures: Sequence[bytes]) -> Run:
    return by_threads(f"http://{addresses.http}", pictures)


def grpc_async(addresses: Addresses, pictures: Sequence[bytes]) -> Run:
    return asyncio.run(by_tasks(f"grpc://{addresses.grpc}", pictures))


def http_async(addresses: Addresses, pictures: Sequence[bytes]) -> Run:
    return asyncio.run(by_tasks(f"http://{addresses.http}", pictures))


def by_threads(url: str, pictures: Sequence[bytes]) -> Run:
    with Client(url) as client:
        classify = partial(client.classify, model=MODEL)
        list(client.map(pictures[:WARM_UP], classify, concurrency=CONCURRENCY))
        watch = Stopwatch()
        return watch.run([answer.label for answer in client.map(pictures, classify, concurrency=CONCURRENCY)])


async def by_tasks(url: str, pictures: Sequence[bytes]) -> Run:
    async with AsyncClient(url) as client:
        classify = partial(client.classify, model=MODEL)
        async for _ in client.map(pictures[:WARM_UP], classify, concurrency=CONCURRENCY):
            pass
        watch = Stopwatch()
        answers = client.map(pictures, classify, concurrency=CONCURRENCY)
        return watch.run([answer.label async for answer in answers])

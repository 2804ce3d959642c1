"""What one call through our client costs over the same call through bare tritonclient, one call at a time."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.client import bare
from benchmarks.client.run import MODEL, WARM_UP, Addresses

from sightline import AsyncClient, Client

BLOCK = 100

Ask = Callable[[bytes], str]
AskAsync = Callable[[bytes], Awaitable[str]]


@dataclass
class Calls:
    """Milliseconds of each call, on the clock and of this process on all cores."""

    wall_ms: list[float] = field(default_factory=list[float])
    cpu_ms: list[float] = field(default_factory=list[float])

    def add(self, wall_s: float, cpu_s: float) -> None:
        self.wall_ms.append(wall_s * 1000)
        self.cpu_ms.append(cpu_s * 1000)


@dataclass(frozen=True)
class Overhead:
    """Medians over all calls, and the ratio ours / bare: its median, least and greatest over blocks of calls."""

    bare_ms: float
    ours_ms: float
    bare_cpu_ms: float
    ours_cpu_ms: float
    ratio: float
    ratio_min: float
    ratio_max: float


def overhead(bare_calls: Calls, our_calls: Calls) -> Overhead:
    starts = range(0, len(bare_calls.wall_ms), BLOCK)
    blocks = [
        statistics.median(our_calls.wall_ms[start : start + BLOCK])
        / statistics.median(bare_calls.wall_ms[start : start + BLOCK])
        for start in starts
    ]
    return Overhead(
        bare_ms=statistics.median(bare_calls.wall_ms),
        ours_ms=statistics.median(our_calls.wall_ms),
        bare_cpu_ms=statistics.median(bare_calls.cpu_ms),
        ours_cpu_ms=statistics.median(our_calls.cpu_ms),
        ratio=statistics.median(blocks),
        ratio_min=min(blocks),
        ratio_max=max(blocks),
    )


def of_grpc(addresses: Addresses, pictures: Sequence[bytes]) -> Overhead:
    client = bare.grpc.InferenceServerClient(addresses.grpc)
    found = of_client(bare.asker(client, bare.grpc), f"grpc://{addresses.grpc}", pictures)
    client.close()
    return found


def of_http(addresses: Addresses, pictures: Sequence[bytes]) -> Overhead:
    client = bare.http.InferenceServerClient(addresses.http)
    found = of_client(bare.asker(client, bare.http), f"http://{addresses.http}", pictures)
    client.close()
    return found


def of_grpc_async(addresses: Addresses, pictures: Sequence[bytes]) -> Overhead:
    async def measure() -> Overhead:
        async with bare.grpc_aio.InferenceServerClient(addresses.grpc) as client:
            ask = bare.async_asker(client, bare.grpc)
            return await of_async_client(ask, f"grpc://{addresses.grpc}", pictures)

    return asyncio.run(measure())


def of_http_async(addresses: Addresses, pictures: Sequence[bytes]) -> Overhead:
    async def measure() -> Overhead:
        async with bare.http_aio.InferenceServerClient(addresses.http) as client:
            ask = bare.async_asker(client, bare.http)
            return await of_async_client(ask, f"http://{addresses.http}", pictures)

    return asyncio.run(measure())


def of_client(ask_bare: Ask, url: str, pictures: Sequence[bytes]) -> Overhead:
    with Client(url) as client:

        def ask_ours(picture: bytes) -> str:
            return client.classify(picture, model=MODEL).label

        for picture in pictures[:WARM_UP]:
            expect_equal(ask_bare(picture), ask_ours(picture))
        asked = (ask_bare, ask_ours)
        calls = (Calls(), Calls())
        for index, picture in enumerate(pictures):
            for which in (0, 1) if index % 2 else (1, 0):
                wall, cpu = time.perf_counter(), time.process_time()
                asked[which](picture)
                calls[which].add(time.perf_counter() - wall, time.process_time() - cpu)
        return overhead(*calls)


async def of_async_client(ask_bare: AskAsync, url: str, pictures: Sequence[bytes]) -> Overhead:
    async with AsyncClient(url) as client:

        async def ask_ours(picture: bytes) -> str:
            return (await client.classify(picture, model=MODEL)).label

        for picture in pictures[:WARM_UP]:
            expect_equal(await ask_bare(picture), await ask_ours(picture))
        asked: tuple[AskAsync, AskAsync] = (ask_bare, ask_ours)
        calls = (Calls(), Calls())
        for index, picture in enumerate(pictures):
            for which in (0, 1) if index % 2 else (1, 0):
                wall, cpu = time.perf_counter(), time.process_time()
                await asked[which](picture)
                calls[which].add(time.perf_counter() - wall, time.process_time() - cpu)
        return overhead(*calls)


def expect_equal(bare_label: str, our_label: str) -> None:
    if bare_label != our_label:
        raise RuntimeError(f"expected {bare_label!r}, as tritonclient got, got {our_label!r} from our client")


MEASURES: dict[str, Callable[[Addresses, Sequence[bytes]], Overhead]] = {
    "Client, grpc": of_grpc,
    "Client, http": of_http,
    "AsyncClient, grpc": of_grpc_async,
    "AsyncClient, http": of_http_async,
}

"""One client for many threads and many event loops: nothing hangs, nothing leaks, nothing of the caller is changed."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from serving import Service
from ways import WAYS, client_over

from sightline import AsyncClient, Classification, SightlineError

REQUESTS = 10_000
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # looked at, not written to


def open_descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def regions() -> set[str]:
    return {path.name for path in SHARED_MEMORY.glob(f"sightline_{os.getpid()}_*")}


def picture(number: int) -> bytes:
    return b"x" * (number % 50 + 1)


def test_ten_thousand_requests_leave_no_socket_and_no_region(toys: Service) -> None:
    before, regions_before = open_descriptors(), regions()
    for way in WAYS:
        if way.startswith("async"):
            asyncio.run(ask_many(toys.http_url if way.endswith("http") else toys.grpc_url))
            continue
        with client_over(way, toys.http_url, toys.grpc_url, timeout=60, retries=20) as client:
            task = partial(client.classify, model="toy", top_k=1)
            answered = sum(1 for _ in client.map(map(picture, range(REQUESTS // 4)), task, concurrency=12))
            assert answered == REQUESTS // 4
    # gRPC keeps a few of its own for the life of the process
    assert open_descriptors() <= before + 8
    assert regions() == regions_before


async def ask_many(url: str) -> None:
    async with AsyncClient(url, timeout=60, retries=20) as client:
        task = partial(client.classify, model="toy", top_k=1)
        answers = client.map(map(picture, range(REQUESTS // 4)), task, concurrency=12)
        assert len([answer async for answer in answers]) == REQUESTS // 4


@pytest.mark.parametrize("way", WAYS)
def test_clients_that_come_and_go_leave_nothing(toys: Service, way: str) -> None:
    def use_one() -> None:
        with client_over(way, toys.http_url, toys.grpc_url, timeout=20) as client:
            assert client.is_ready("toy")

    for _ in range(3):
        use_one()
    before, threads = open_descriptors(), threading.active_count()
    for _ in range(20):
        use_one()
    assert open_descriptors() <= before + 2
    assert threading.active_count() <= threads + 2


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_one_client_serves_event_loops_in_several_threads_at_once(toys: Service, scheme: str) -> None:
    client = AsyncClient(toys.http_url if scheme == "http" else toys.grpc_url, timeout=30, retries=20)
    start = threading.Barrier(4)

    async def ask(number: int) -> list[float]:
        start.wait()
        answers = await asyncio.gather(*(client.classify(picture(number), model="toy") for _ in range(10)))
        return [answer.score for answer in answers]

    def ask_in_a_loop(number: int) -> list[float]:
        return asyncio.run(ask(number))

    with ThreadPoolExecutor(4) as pool:
        scores = list(pool.map(ask_in_a_loop, range(4)))
    for number, found in enumerate(scores):
        first = len(picture(number)) % 7 + 1
        assert found == pytest.approx([max(first, 4) / (first + 6)] * 10)
    asyncio.run(client.close())


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_one_client_serves_one_event_loop_after_the_other_and_closes_what_each_opened(
    toys: Service, scheme: str
) -> None:
    client = AsyncClient(toys.http_url if scheme == "http" else toys.grpc_url, timeout=30)
    assert asyncio.run(client.is_ready("toy"))
    before = open_descriptors()
    for _ in range(5):
        assert asyncio.run(client.is_ready("toy"))
    # nobody closed the client meanwhile: the end of a loop closes its connections
    assert open_descriptors() == before
    asyncio.run(client.close())


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_a_cancelled_call_ends_at_once_and_the_next_one_is_answered(toys: Service, scheme: str) -> None:
    async def cancel_one() -> None:
        async with AsyncClient(toys.http_url if scheme == "http" else toys.grpc_url, timeout=30) as client:
            slow = asyncio.create_task(client.classify(b"sleep 2", model="toy"))
            await asyncio.sleep(0.3)
            slow.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slow
            assert (await client.classify(b"xxx", model="toy")).label == "zero"

    asyncio.run(cancel_one())


@pytest.mark.parametrize("way", WAYS)
def test_what_the_caller_passes_is_never_changed(toys: Service, way: str) -> None:
    headers = {"X-Request": "1"}
    image = np.array([[b"xxx"]], dtype=object)
    inputs, outputs = {"IMAGE": image}, ["SCORES"]
    with client_over(way, toys.http_url, toys.grpc_url, headers=headers) as client:
        client.infer("toy", inputs, outputs=outputs)
    assert headers == {"X-Request": "1"}
    assert inputs == {"IMAGE": image}
    assert outputs == ["SCORES"]
    assert image.tolist() == [[b"xxx"]]


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_cannot_be_written_to(toys: Service, way: str) -> None:
    with client_over(way, toys.http_url, toys.grpc_url) as client:
        scores = client.infer("toy", {"IMAGE": np.array([[b"xxx"]], dtype=object)})["SCORES"]
        picture = client.infer("toy_pictures", {"SEED": np.array([[1]])})["RESULT"]
    for array in (scores, picture):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


def test_no_way_to_a_server_brings_gevent_along(toys: Service) -> None:
    code = f"""
import asyncio, sys
from sightline import AsyncClient, Client
for url in ({toys.http_url!r}, {toys.grpc_url!r}):
    with Client(url) as client:
        client.classify(b"xxx", model="toy")
    async def ask():
        async with AsyncClient(url) as client:
            await client.classify(b"xxx", model="toy")
    asyncio.run(ask())
assert not {{"gevent", "greenlet", "geventhttpclient"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_client_that_nobody_closes_is_quiet_at_the_end(toys: Service) -> None:
    code = f"""
import asyncio
from sightline import AsyncClient, Client
kept = [Client({toys.http_url!r}), Client({toys.grpc_url!r})]
for client in kept:
    client.classify(b"xxx", model="toy")
async def ask(url):
    await AsyncClient(url).classify(b"xxx", model="toy")
for url in ({toys.http_url!r}, {toys.grpc_url!r}):
    asyncio.run(ask(url))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_closing_a_client_under_a_call_is_not_taken_for_a_cancelled_task(toys: Service, scheme: str) -> None:
    async def close_meanwhile() -> object:
        client = AsyncClient(toys.http_url if scheme == "http" else toys.grpc_url, timeout=30)
        await client.classify(b"xxx", model="toy")
        slow = asyncio.create_task(client.classify(b"sleep 1", model="toy"))
        await asyncio.sleep(0.3)
        await client.close()
        (outcome,) = await asyncio.gather(slow, return_exceptions=True)
        return outcome

    outcome = asyncio.run(close_meanwhile())
    # over HTTP the answer may still come
    assert isinstance(outcome, (SightlineError, Classification))

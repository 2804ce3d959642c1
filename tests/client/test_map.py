"""Many pictures at once: in order, bounded, lazy, and with errors where they belong."""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any, cast

import pytest
from serving import Service

import sightline
from sightline import AsyncClient, Client, SightlineError

IMAGES = list(range(40))


class Meter:
    """How many run at once, and how many were started."""

    def __init__(self) -> None:
        self.running = self.most = self.started = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.running += 1
            self.started += 1
            self.most = max(self.most, self.running)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.running -= 1

    def ends(self) -> bool:
        """Whether the last one ends soon, and none follows."""
        for _ in range(100):
            if self.running == 0:
                break
            time.sleep(0.01)
        started = self.started
        time.sleep(0.05)
        return (self.running, self.started) == (0, started)


def blocking(meter: Meter, image: int) -> int:
    with meter:
        time.sleep(0.02 if image % 7 == 0 else 0.001)
        if image == 13:
            raise sightline.ImageError("thirteen")
    return image


async def awaited(meter: Meter, image: int) -> int:
    with meter:
        await asyncio.sleep(0.02 if image % 7 == 0 else 0.001)
        if image == 13:
            raise sightline.ImageError("thirteen")
    return image


@pytest.fixture(params=["blocking", "awaited"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def mapped(kind: str, meter: Meter, images: Iterable[Any], *, take: int | None = None, **options: Any) -> list[Any]:
    """What a client's `map` yields; `take` leaves it after so many."""
    if kind == "awaited":
        return asyncio.run(mapped_async(meter, images, take, options))
    with Client("http://127.0.0.1:1") as client:
        return list(itertools.islice(client.map(images, partial(blocking, meter), **options), take))


async def mapped_async(meter: Meter, images: Iterable[Any], take: int | None, options: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    async with (
        AsyncClient("http://127.0.0.1:1") as client,
        aclosing(cast(AsyncGenerator[Any], client.map(images, partial(awaited, meter), **options))) as answers,
    ):
        async for answer in answers:
            found.append(answer)
            if len(found) == take:
                break
    return found


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_answers_come_in_order_and_no_more_than_allowed_run(kind: str, concurrency: int) -> None:
    meter = Meter()
    images = [image for image in IMAGES if image != 13]
    assert mapped(kind, meter, images, concurrency=concurrency) == images
    assert meter.most == concurrency


def test_an_error_is_raised_when_its_turn_comes_and_the_rest_is_given_up(kind: str) -> None:
    meter = Meter()
    with pytest.raises(sightline.ImageError, match="thirteen"):
        mapped(kind, meter, IMAGES * 100, concurrency=4)
    assert meter.started < 100
    assert meter.ends()


def test_errors_take_the_place_of_their_answers_where_they_are_wanted(kind: str) -> None:
    found = mapped(kind, Meter(), IMAGES, concurrency=4, return_errors=True)
    assert isinstance(found[13], sightline.ImageError)
    assert [each for each in found if not isinstance(each, SightlineError)] == [each for each in IMAGES if each != 13]


def test_pictures_are_taken_as_they_are_needed(kind: str) -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield 100 + len(taken)

    assert mapped(kind, Meter(), endless(), take=5, concurrency=4) == [101, 102, 103, 104, 105]
    assert len(taken) < 60


def test_a_concurrency_below_one_is_refused_at_once(kind: str) -> None:
    client: Any = Client("http://127.0.0.1:1") if kind == "blocking" else AsyncClient("http://127.0.0.1:1")
    with pytest.raises(sightline.InvalidRequest, match="expected concurrency to be 1 or larger, got 0"):
        client.map([], client.classify, concurrency=0)


class Source:
    """Goes on after it raised, as `map` and other iterators do."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        self.taken += 1
        if self.taken == 6:
            raise KeyError("source")
        return 100 + self.taken


def test_a_failure_of_a_picture_source_comes_in_its_turn_and_ends_the_run(kind: str) -> None:
    meter, source = Meter(), Source()
    assert mapped(kind, meter, source, take=5, concurrency=2) == [101, 102, 103, 104, 105]
    assert source.taken == 6
    with pytest.raises(KeyError, match="source"):
        mapped(kind, meter, Source(), concurrency=8)
    assert meter.ends()


def test_real_pictures_are_answered_in_order(toys: Service) -> None:
    pictures = [b"x" * (number % 50 + 1) for number in range(200)]
    with Client(toys.grpc_url, timeout=30) as client:
        one_by_one = [client.classify(each, model="toy").score for each in pictures[:50]]
        together = [
            answer.score for answer in client.map(pictures, partial(client.classify, model="toy"), concurrency=8)
        ]
    assert together == pytest.approx(one_by_one * 4)

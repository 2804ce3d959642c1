"""Requests are shared among threads, each is answered once, and a failure waits until nobody works any more."""

import threading
import time

import pytest

from sightline_backend.workers import Workers


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_results_are_in_the_order_of_the_items(threads: int, count: int) -> None:
    done: list[int] = []

    def work(item: int) -> int:
        done.append(item)
        time.sleep(0.001 * (count - item))  # the first takes longest
        return 10 * item

    assert Workers(threads).map(work, range(count)) == [10 * item for item in range(count)]
    assert sorted(done) == list(range(count))


def test_as_many_items_as_threads_are_worked_on_at_once() -> None:
    together = threading.Barrier(3, timeout=10)
    names = Workers(3).map(lambda _: (together.wait(), threading.current_thread().name)[1], range(3))
    assert threading.current_thread().name in names  # the caller helps
    assert len(set(names)) == 3


def test_a_request_alone_is_the_caller_s() -> None:
    caller = threading.current_thread()
    assert Workers(4).map(lambda _: threading.current_thread(), ["alone"]) == [caller]


@pytest.mark.parametrize("bad", [0, 1, 5])
def test_a_failure_is_raised_when_all_stand_still(bad: int) -> None:
    ended: list[int] = []

    def work(item: int) -> None:
        if item == bad:
            raise ValueError(f"item {item}")
        time.sleep(0.02)
        ended.append(item)

    with pytest.raises(ValueError, match=f"item {bad}"):
        Workers(2).map(work, range(6))
    after = list(ended)
    time.sleep(0.05)
    assert ended == after

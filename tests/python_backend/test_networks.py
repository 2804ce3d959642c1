"""Small batches are for all threads together, of large ones each takes a share; every request gets its own answer."""

from typing import Any

import numpy as np
import pytest

from sightline_backend.errors import ModelError
from sightline_backend.networks import LEAST_SHARE, Network, Opened, shares
from sightline_backend.onnx_runtime.batching import Result, Work
from sightline_backend.workers import Workers


class Doubling:
    """Sessions that double X into Y, and remember with how many threads they were opened and what they were asked."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.asked: list[tuple[int, int]] = []

    def __call__(self, threads: int) -> Opened:
        self.opened.append(threads)

        def run(_: list[str], inputs: dict[str, Any]) -> list[Any]:
            self.asked.append((threads, len(inputs["X"])))
            if (inputs["X"] < 0).any():
                raise ModelError("negative")
            return [2 * inputs["X"]]

        return Opened(run, ("Y",))


def works(*values: float) -> list[Work | Exception]:
    return [Work({"X": np.array([[value]])}, ("Y",)) for value in values]


def value(result: Result) -> float:
    if isinstance(result, Exception):
        raise result
    return float(result["Y"][0, 0])


def test_a_small_batch_is_for_all_threads_together() -> None:
    sessions = Doubling()
    network = Network(sessions, Workers(2))
    count = 2 * LEAST_SHARE - 1
    assert [value(each) for each in network.answer(works(*range(count)))] == [2 * each for each in range(count)]
    assert sessions.asked == [(2, count)]
    assert sessions.opened == [2]


def test_of_a_large_batch_each_thread_takes_its_share() -> None:
    sessions = Doubling()
    network = Network(sessions, Workers(2))
    count = 2 * LEAST_SHARE + 1
    for _ in range(2):
        assert [value(each) for each in network.answer(works(*range(count)))] == [2 * each for each in range(count)]
    assert sorted(sessions.asked) == 2 * [(1, LEAST_SHARE)] + 2 * [(1, LEAST_SHARE + 1)]
    assert sessions.opened == [2, 1]  # the second one when it is needed first, and then no other


def test_with_one_thread_there_is_one_session() -> None:
    sessions = Doubling()
    Network(sessions, Workers(1)).answer(works(*range(32)))
    assert sessions.asked == [(1, 32)]


@pytest.mark.parametrize("count", [3, 4 * LEAST_SHARE])
def test_a_bad_request_leaves_the_others_alone(count: int) -> None:
    network = Network(Doubling(), Workers(2))
    before = ValueError("never read")
    results = network.answer([before, *works(-1, *range(1, count))])
    assert results[0] is before
    assert isinstance(results[1], ModelError)
    assert [value(each) for each in results[2:]] == [2 * each for each in range(1, count)]


def test_a_step_may_ask_for_all_outputs() -> None:
    assert Network(Doubling(), Workers(2)).ask({"X": np.array([3.0])})["Y"] == [6.0]


@pytest.mark.parametrize(("length", "count", "expected"), [(1, 2, [1]), (2, 2, [1, 1]), (7, 3, [2, 2, 3]), (3, 1, [3])])
def test_shares_are_nearly_equal_and_in_order(length: int, count: int, expected: list[int]) -> None:
    parts = shares(list(range(length)), count)
    assert [len(part) for part in parts] == expected
    assert [item for part in parts for item in part] == list(range(length))

"""What is sent again, how often, after how long, and within the time of the whole call."""

import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from client.canned import Canned, CannedServer, canned_server
from ways import client_over

import sightline
from sightline import Client, SightlineError
from sightline._deadline import Deadline
from sightline._retry import LONGEST_PAUSE_S, pause_before_retry_s

HTTP_WAYS = ("http", "async http")
SAFE = sightline.ModelNotReady("busy", is_safe_to_repeat=True)


@pytest.fixture
def canned() -> Iterator[CannedServer]:
    with canned_server() as server:
        yield server


def infer(client: Client) -> float:
    return float(client.infer("toy", {"X": np.zeros((1, 1), np.float32)})["Y"].item())


@pytest.mark.parametrize("way", HTTP_WAYS)
@pytest.mark.parametrize(
    "refusal",
    [Canned(503), Canned(429, headers={"Retry-After": "0"}), Canned(503, b'{"error": "Exceeds maximum queue size"}')],
)
def test_a_request_that_was_not_taken_is_sent_again(canned: CannedServer, way: str, refusal: Canned) -> None:
    canned.script = [refusal, refusal]
    with client_over(way, canned.url, "", timeout=20) as client:
        assert infer(client) == 0.5
    bodies = [body for _, _, body in canned.seen]
    assert len(bodies) == 3
    assert bodies[0] == bodies[1] == bodies[2]


@pytest.mark.parametrize("way", HTTP_WAYS)
@pytest.mark.parametrize("status", [400, 404, 408, 429, 500, 502, 504])
def test_a_request_that_may_have_been_done_or_cannot_pass_is_sent_once(
    canned: CannedServer, way: str, status: int
) -> None:
    canned.answer = Canned(status)
    with client_over(way, canned.url, "", timeout=20) as client, pytest.raises(SightlineError) as caught:
        infer(client)
    assert len(canned.seen) == 1
    assert not caught.value.is_safe_to_repeat


@pytest.mark.parametrize("way", HTTP_WAYS)
@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries_are_as_many_as_allowed(canned: CannedServer, way: str, retries: int) -> None:
    canned.answer = Canned(503)
    with client_over(way, canned.url, "", timeout=20, retries=retries) as client:
        with pytest.raises(sightline.ModelNotReady):
            infer(client)
        assert len(canned.seen) == 1 + retries


@pytest.mark.parametrize("way", HTTP_WAYS)
def test_the_server_says_how_long_to_wait_and_a_wait_beyond_the_deadline_is_not_begun(
    canned: CannedServer, way: str
) -> None:
    canned.answer = Canned(429, headers={"Retry-After": "60"})
    with client_over(way, canned.url, "", timeout=20) as client:
        with pytest.raises(sightline.ModelNotReady) as caught:
            infer(client)
        assert caught.value.retry_after_s == 60
        assert caught.value.is_safe_to_repeat
        assert len(canned.seen) == 1


@pytest.mark.parametrize("way", HTTP_WAYS)
def test_a_server_that_comes_back_while_the_client_tries_again_answers(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with client_over(way, url, "", timeout=30, retries=30) as client, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(infer, client)
        time.sleep(0.3)
        assert not asked.done()
        with canned_server(port):
            assert asked.result() == 0.5


def test_pauses_grow_to_a_limit_are_random_and_only_for_what_is_safe() -> None:
    dice = random.Random(0)  # noqa: S311
    pauses = [pause_before_retry_s(SAFE, attempt, 100, dice) or 0 for attempt in range(20)]
    for attempt, pause in enumerate(pauses):
        longest = min(0.1 * 2**attempt, LONGEST_PAUSE_S)
        assert longest / 2 <= pause <= longest
    assert len(set(pauses)) == 20
    assert pause_before_retry_s(SAFE, 2, 2, dice) is None
    assert pause_before_retry_s(sightline.ModelNotReady("busy"), 0, 2, dice) is None
    asked = sightline.ModelNotReady("busy", is_safe_to_repeat=True, retry_after_s=3)
    assert 3 < (pause_before_retry_s(asked, 0, 2, dice) or 0) <= 3.1


def test_a_deadline_counts_down_to_an_error_that_names_the_whole_of_it() -> None:
    assert Deadline(None).remaining_s() is None
    assert Deadline(None).allows(1e9)
    assert 0 < (Deadline(60).remaining_s() or 0) <= 60
    assert Deadline(60).allows(59)
    assert not Deadline(60).allows(61)
    with pytest.raises(sightline.RequestTimeout, match="within 1e-09 s"):
        Deadline(1e-9).remaining_s()


@pytest.mark.parametrize("way", HTTP_WAYS)
def test_a_server_that_limits_probes_is_not_ready_and_is_waited_for(canned: CannedServer, way: str) -> None:
    limit = Canned(429, headers={"Retry-After": "60"})
    canned.script = [limit, limit, limit]
    with client_over(way, canned.url, "", timeout=5) as client:
        assert not client.is_ready()
        client.wait_until_ready(timeout=20)
    assert len(canned.seen) == 4


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": float("inf")},
        {"timeout": float("nan")},
        {"timeout": 1e10},
        {"timeout": "5"},
        {"retries": -1},
        {"retries": "2"},
        {"retries": 1.5},
    ],
)
def test_times_and_numbers_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(sightline.InvalidRequest, match=r"expected (timeout|retries) to be"):
        Client("http://localhost:1", **options)  # pyright: ignore[reportArgumentType]

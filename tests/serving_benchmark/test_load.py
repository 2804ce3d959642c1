"""The load generator keeps every connection busy, keeps every answer, and says when something is wrong."""

import pytest
from benchmarks.serving.http_wire import parsed, post
from benchmarks.serving.load import LONGEST, Exchange, Load, LoadFailed, run_load
from serving_benchmark.local_server import Respond, in_chunks, serving, with_length

BODIES = [b"%d-" % index * 30_000 for index in range(5)]
REQUESTS = [post("/predict", body, {}) for body in BODIES]


@pytest.mark.parametrize("respond", [with_length, in_chunks])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_every_answer_belongs_to_its_request(respond: Respond, concurrency: int) -> None:
    with serving(lambda body: respond(body[:100])) as port:
        load = run_load(port, REQUESTS, concurrency=concurrency, warm_up_s=0.1, seconds=0.3)
    assert {each.request for each in load.exchanges} == set(range(len(REQUESTS)))
    assert all(parsed(each.answer).body == BODIES[each.request][:100] for each in load.exchanges)
    assert all(each.asked_s < each.answered_s for each in load.exchanges)
    assert 0 < len(load.measured) < len(load.exchanges)  # those of the warm-up are kept, and not counted
    assert load.client_cpu_s > 0


@pytest.mark.parametrize("begun_s", [0.11, 0.15, 0.199])
@pytest.mark.parametrize("ended_s", [0.51, 0.55, 0.599])
def test_where_batches_fall_makes_no_difference_to_the_rate(begun_s: float, ended_s: float) -> None:
    batches = [Exchange(0, 0.0, 0.1 * batch, b"") for batch in range(8) for _ in range(4)]
    load = Load(batches, begun_s=begun_s, ended_s=ended_s, client_cpu_s=0, server_cpu_s=0)
    assert load.per_s == pytest.approx(40)


def test_without_answers_there_is_no_rate() -> None:
    assert Load([], begun_s=0, ended_s=1, client_cpu_s=0, server_cpu_s=0).per_s == 0


def test_it_takes_longer_until_there_are_enough_answers() -> None:
    with serving(with_length) as port:
        load = run_load(port, REQUESTS, concurrency=2, warm_up_s=0, seconds=0.02, least=10_000)
    assert load.ended_s - load.begun_s >= LONGEST * 0.02


def test_as_many_requests_are_in_flight_as_were_asked_for() -> None:
    with serving(with_length) as port:
        load = run_load(port, REQUESTS, concurrency=4, warm_up_s=0, seconds=0.2)
    first = sorted(load.exchanges, key=lambda each: each.asked_s)[:4]
    assert max(each.asked_s for each in first) < min(each.answered_s for each in load.exchanges)


def test_processor_time_of_the_server_is_read_at_both_ends() -> None:
    readings = iter([1.0, 3.5])
    with serving(with_length) as port:
        load = run_load(port, REQUESTS, concurrency=2, warm_up_s=0, seconds=0.1, server_cpu_s=lambda: next(readings))
    assert load.server_cpu_s == 2.5


def test_a_server_that_hangs_up_is_named() -> None:
    with serving(lambda _: []) as port, pytest.raises(LoadFailed, match="end of the connection"):
        run_load(port, REQUESTS, concurrency=2, warm_up_s=0, seconds=5)


def test_nobody_at_the_port_is_named() -> None:
    with serving(with_length) as port:
        pass
    with pytest.raises(LoadFailed, match=f"port {port}"):
        run_load(port, REQUESTS, concurrency=1, warm_up_s=0, seconds=1)

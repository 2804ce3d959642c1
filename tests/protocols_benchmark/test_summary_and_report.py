"""Ratios are within a round; the report shows them, and what has no figures, between its marks alone."""

from itertools import pairwise
from pathlib import Path

import pytest
from benchmarks.client.overhead import Overhead
from benchmarks.protocols.measuring import CONCURRENCY, POINTS, order_of_round
from benchmarks.protocols.report import BEGIN, END, document, write_report
from benchmarks.protocols.results import WAYS, Load, Results, Round, Way
from benchmarks.protocols.summary import call_summaries, load_summaries
from benchmarks.serving.summary import Spread

GRPC, SHARED = Way("grpc", shared_memory=False), Way("grpc", shared_memory=True)
# answers per second of HTTP, gRPC, HTTP and gRPC with shared memory
RATES = ((100.0, 150.0, 120.0, 200.0), (200.0, 220.0, 260.0, 300.0), (50.0, 60.0, 65.0, 125.0))


def round_of(number: int, rates: tuple[float, ...], failing: Way | None = None) -> Round:
    loads = tuple(
        Load(way, concurrency, failure="the queue\nis full")
        if way == failing
        else Load(way, concurrency, rate, 1000 / rate, 1500 / rate)
        for way, rate in zip(WAYS, rates, strict=True)
        for concurrency in (1, 8)
    )
    # ours takes 1.5 times as long as tritonclient over HTTP, 1.25 times over gRPC; gRPC half as long as HTTP
    calls = {
        "http": Overhead(2.0 * number, 3.0 * number, 1.0, 1.2, 1.5, 1.4, 1.6),
        "grpc": Overhead(1.0 * number, 1.25 * number, 0.5, 0.8, 1.25, 1.2, 1.3),
    }
    return Round(number, loads, calls)


def results(*rounds: Round) -> Results:
    return Results("a machine, 2 cores", "2026-01-02", 1.0, 200, 80_000, {"perf_analyzer": "2.51.0"}, rounds)


WHOLE = results(*(round_of(number, rates) for number, rates in enumerate(RATES, start=1)))


def test_ratios_are_to_http_in_the_same_round() -> None:
    found = {(each.way, each.concurrency): each for each in load_summaries(WHOLE.rounds)}
    assert list(found) == [(way, concurrency) for way in WAYS for concurrency in (1, 8)]
    # 1.5, 1.1 and 1.2: not 150 / 100, the medians of both
    assert found[GRPC, 8].ratio == Spread(1.2, 1.1, 1.5)
    assert found[SHARED, 1].ratio == Spread(2.0, 1.5, 2.5)
    assert found[GRPC, 8].per_s == Spread(150, 60, 220)
    assert found[WAYS[0], 1].ratio == Spread(1, 1, 1)


def test_a_round_without_figures_is_left_out_and_counted() -> None:
    rounds = (round_of(1, RATES[0]), round_of(2, RATES[1], failing=WAYS[0]), round_of(3, RATES[2], failing=GRPC))
    found = {(each.way, each.concurrency): each for each in load_summaries(rounds)}
    assert found[GRPC, 1].ratio == Spread(1.5, 1.5, 1.5)
    assert found[GRPC, 1].per_s == Spread(185, 150, 220)
    assert (found[GRPC, 1].missing, found[GRPC, 1].failures) == (1, ("the queue\nis full",))


def test_a_call_is_compared_with_tritonclient_and_with_http() -> None:
    found = {(each.client, each.protocol): each for each in call_summaries(WHOLE.rounds)}
    ours = found["`Client.classify`", "grpc"]
    assert ours.wall_ms == Spread(2.5, 1.25, 3.75)
    assert ours.wall_to_bare.median == pytest.approx(1.25)
    assert ours.cpu_to_bare.median == pytest.approx(1.6)
    assert ours.wall_to_http.median == pytest.approx(1.25 / 3)
    assert ours.cpu_to_http.median == pytest.approx(0.8 / 1.2)


def test_the_tables_show_medians_with_their_least_and_greatest() -> None:
    lines = document(WHOLE).splitlines()
    assert "3 rounds of three windows of 1 s" in lines[0]
    assert "| HTTP, answers/s | 100 (50 - 200) | 100 (50 - 200) | 10.0 / 15.0, 10.0 / 15.0 |" in lines
    assert any(line.startswith("| gRPC + shared memory, ratio | 2.00 (1.50 - 2.50) |") for line in lines)
    assert any(
        line.startswith("| `Client.classify` | gRPC | 2.50 (1.25 - 3.75) | 0.80 (0.80 - 0.80) |") for line in lines
    )
    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.count("|") == below.count("|"), below


def test_what_has_no_figures_is_said() -> None:
    text = document(results(round_of(1, RATES[0], failing=SHARED)))
    assert "| gRPC + shared memory, ratio | - | - | -, - |" in text
    assert "No figures: gRPC + shared memory at c=8 in 1 of 1 rounds: the queue is full." in text


def test_each_round_has_an_order_of_its_own() -> None:
    orders = [order_of_round(number) for number in (1, 2, 3)]
    assert all(set(each) == {*POINTS, "http", "grpc"} for each in orders)
    assert orders[0] != orders[1] != orders[2]
    assert order_of_round(2) == orders[1]
    assert len(POINTS) == len(WAYS) * len(CONCURRENCY)


def test_only_what_is_between_the_marks_is_written(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_report(path, WHOLE)
    assert path.read_text() == f"before\n{BEGIN}\n\n{document(WHOLE)}\n\n{END}\nafter\n"

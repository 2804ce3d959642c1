"""One server, asked in every way in each round."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from benchmarks.client.overhead import MEASURES, Overhead
from benchmarks.client.run import MODEL, Addresses
from benchmarks.own_server import Serving
from benchmarks.protocols.results import NAMES, Load, Round, Way

from sightline_server.bench.check import require_right_answers
from sightline_server.bench.options import BenchOptions, Settings
from sightline_server.bench.points import Load as BenchLoad
from sightline_server.bench.points import Loop, Point, points_of
from sightline_server.bench.service import Service
from sightline_server.bench.shared_regions import require_regions
from sightline_server.bench.sweep import sample
from sightline_server.bench.targets import Target, find_targets
from sightline_server.perf_analyzer import PerfAnalyzer, find_perf_analyzer
from sightline_server.perf_analyzer_files import request_data

CONCURRENCY = (1, 8, 32)
CALLS = 200
"""One at a time, through each client in each round."""
LOADS = tuple(BenchLoad(Loop.CLOSED, each) for each in CONCURRENCY)
POINTS = tuple(
    point
    for shared_memory in (False, True)
    for point in points_of([MODEL], tuple(NAMES), LOADS, shared_memory=shared_memory)
)
STABILITY_PERCENT = 10.0  # is only reported by `sightline bench`; here rounds show how much figures differ


@dataclass(frozen=True)
class Subject:
    """Everything that a round needs."""

    options: BenchOptions
    service: Service
    target: Target
    analyzer: PerfAnalyzer
    requests: Path
    pictures: Sequence[bytes]


@contextmanager
def prepared(
    server: Serving,
    repository: Path,
    scratch: Path,
    pictures: Sequence[bytes],
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> Generator[Subject]:
    """What `sightline bench` prepares as well; the golden answer is asked for before and after.

    Raises:
        SightlineServerError: An answer is wrong, or something is missing.
    """
    options = BenchOptions(
        models=(MODEL,),
        http_url=server.http_url,
        grpc_url=server.grpc_url,
        protocols=tuple(NAMES),
        loads=LOADS,
        settings=Settings(seconds, "constant", None, STABILITY_PERCENT),
        rounds=rounds,
        pictures=(),
        repository=repository,
        output=scratch,
        shared_memory=True,
    )
    with closing(Service(server.grpc_url)) as service:
        require_regions(service, options)
        targets = find_targets(service.served(), [MODEL], repository, pictures).targets
        require_right_answers(service, targets, "before the measurements")
        requests = scratch / "requests.json"
        requests.write_text(request_data(targets[0].requests), encoding="ascii")
        yield Subject(options, service, targets[0], find_perf_analyzer(say), requests, pictures)
        require_right_answers(service, targets, "after the measurements")


def measured_round(subject: Subject, number: int, say: Callable[[str], None]) -> Round:
    """Every way at every concurrency, and a call of the client over each protocol, in an order of its own."""
    loads: dict[Point, Load] = {}
    calls: dict[str, Overhead] = {}
    for job in order_of_round(number):
        if isinstance(job, Point):
            loads[job] = measured_load(subject, job, number)
            say(f"round {number}, {loads[job].way}, {job.load}: {outcome(loads[job])}")
        else:
            calls[job] = measured_calls(subject, job)
            say(f"round {number}, Client, {NAMES[job]}: {calls[job].ours_ms:.2f} ms a call")
    return Round(number, tuple(loads[point] for point in POINTS), {each: calls[each] for each in NAMES})


def warm_up(subject: Subject) -> None:
    """The first requests after a start are slower."""
    measured_load(subject, POINTS[1], 0)


def order_of_round(number: int) -> list[Point | str]:
    """What round `number` measures, one after the other: points, and protocols for calls of the client.

    The same number gives the same order.
    """
    jobs: list[Point | str] = [*POINTS, *NAMES]
    return random.Random(number).sample(jobs, len(jobs))  # noqa: S311  # no secret


def measured_load(subject: Subject, point: Point, number: int) -> Load:
    found = sample(subject.options, subject.target, subject.service, subject.analyzer, point, number, subject.requests)
    way, concurrency = Way(point.protocol, point.shared_memory), int(point.load.value)
    if found.figures is None:
        return Load(way, concurrency, failure=found.failure)
    measurement = found.figures.measurement
    percentiles_ms = measurement.percentiles_ms
    return Load(way, concurrency, measurement.throughput_per_s, percentiles_ms[50], percentiles_ms[95])


def measured_calls(subject: Subject, protocol: str) -> Overhead:
    addresses = Addresses(subject.options.address("http"), subject.options.address("grpc"))
    return MEASURES[f"Client, {protocol}"](addresses, list(islice(cycle(subject.pictures), CALLS)))


def outcome(load: Load) -> str:
    return f"no figures: {load.failure}" if load.failure else f"{load.per_s:.0f} answers/s, p50 {load.p50_ms:.2f} ms"

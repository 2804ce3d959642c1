"""One system in one round: started, warmed, measured at each concurrency, every answer checked, ended."""

from __future__ import annotations

import math
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.catalogue.memory import tree_memory
from benchmarks.serving.answer import Ranked, mistake
from benchmarks.serving.environments import Installed
from benchmarks.serving.http_wire import Answer, WireError, parsed
from benchmarks.serving.load import Exchange, Load, LoadFailed, run_load
from benchmarks.serving.process_tree import tree_cpu_s
from benchmarks.serving.results import Point, Run
from benchmarks.serving.running import OK, Running, SystemFailed, running
from benchmarks.serving.scenario import Questions, Scenario, Served
from benchmarks.serving.system import Launch, System, free_port

FOLDERS = Path("build/benchmarks/systems")
SETTLE_S = 2.0
SETTLE_CONCURRENCY = 8
WARM_UP_S = 0.5
LEAST_TURNS = 12
"""How often each connection asks at least: large batches of a slow network are too few for a rate otherwise."""


@dataclass(frozen=True)
class Subject:
    """What is asked of whom."""

    system: System
    installed: Installed
    scenario: Scenario
    model: Served
    questions: Questions


def measure(subject: Subject, concurrency: Sequence[int], seconds: float) -> Run:
    """Start the system, measure it at each concurrency for `seconds`, and end it.

    A system that can't be started or gives a wrong answer gives a run that says why, without figures.
    """
    system, scenario, model = subject.system, subject.scenario, subject.model
    folder = (FOLDERS / system.key).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    launch = Launch(free_port(), folder, subject.installed.python, scenario, model)
    requests = [system.frame(scenario, model, payload) for payload in subject.questions.payloads]
    first = partial(wrong, system, model, subject.questions.answers[0])
    try:
        with running(system, launch, requests[0], first) as server:
            loads = _loads(launch.port, requests, server, concurrency, seconds)
            memory = tree_memory(server.pid)
        for load in loads:
            check(subject, load.exchanges)
        points = tuple(_point(load, each) for load, each in zip(loads[1:], concurrency, strict=True))
    except (SystemFailed, LoadFailed, OSError) as error:
        return Run(scenario.key, system.key, failure=str(error))
    return Run(
        scenario.key,
        system.key,
        start_s=server.start_s,
        processes=memory.processes,
        rss_mib=memory.rss_mib,
        pss_mib=memory.pss_mib,
        points=points,
    )


def _loads(
    port: int, requests: Sequence[bytes], server: Running, concurrency: Sequence[int], seconds: float
) -> list[Load]:
    """The first is not measured: it brings every process of the system to life."""
    settle = run_load(port, requests, concurrency=SETTLE_CONCURRENCY, warm_up_s=0, seconds=SETTLE_S)
    read_cpu = partial(tree_cpu_s, server.pid)
    return [settle] + [
        run_load(
            port,
            requests,
            concurrency=each,
            warm_up_s=WARM_UP_S,
            seconds=seconds,
            least=LEAST_TURNS * each,
            server_cpu_s=read_cpu,
        )
        for each in concurrency
    ]


def check(subject: Subject, exchanges: Sequence[Exchange]) -> None:
    """Raises SystemFailed where an answer is not that to the question which was sent."""
    known: dict[tuple[int, bytes], str | None] = {}
    for each in exchanges:
        key = (each.request, each.answer)
        if key not in known:
            known[key] = _wrong(subject, each)
    mistakes = [found for each in exchanges if (found := known[each.request, each.answer])]
    if mistakes:
        raise SystemFailed(f"{len(mistakes)} of {len(exchanges)} answers are wrong, the first: {mistakes[0]}")


def _wrong(subject: Subject, exchange: Exchange) -> str | None:
    try:
        answer = parsed(exchange.answer)
    except WireError as error:
        return str(error)
    return wrong(subject.system, subject.model, subject.questions.answers[exchange.request], answer)


def wrong(system: System, model: Served, expected: Ranked, answer: Answer) -> str | None:
    """What is wrong with an answer; None where it is right."""
    if answer.status != OK:
        return f"HTTP {answer.status}: {answer.body[:200]!r}"
    try:
        return mistake(expected, system.read(answer, model))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        return f"{type(error).__name__}: {error} in {answer.body[:200]!r}"


def _point(load: Load, concurrency: int) -> Point:
    measured = load.measured
    if not measured:
        raise SystemFailed(f"expected answers at concurrency {concurrency}, got none in time")
    answers_in_time = load.per_s * (load.ended_s - load.begun_s)
    latencies_ms = sorted(1000 * (each.answered_s - each.asked_s) for each in measured)
    return Point(
        concurrency=concurrency,
        answers=len(measured),
        per_s=load.per_s,
        p50_ms=statistics.median(latencies_ms),
        p95_ms=latencies_ms[math.ceil(0.95 * len(latencies_ms)) - 1],
        server_cpu_ms=1000 * load.server_cpu_s / answers_in_time,
        client_cpu_ms=1000 * load.client_cpu_s / answers_in_time,
    )

"""Results as two rounds of the benchmark give them, made by hand."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.serving.results import Point, Results, Round, Run

CONCURRENCY = (1, 8, 32)


def point(concurrency: int, ratio: float) -> Point:
    return Point(
        concurrency=concurrency,
        answers=300,
        per_s=ratio * 200,
        limit_per_s=200,
        p50_ms=5.0 * concurrency,
        p95_ms=8.0 * concurrency,
        server_cpu_ms=6.5,
        client_cpu_ms=0.25,
    )


def run(system: str, *ratios: float, scenario: str = "jpeg-cnn") -> Run:
    points = tuple(point(each, ratio) for each, ratio in zip(CONCURRENCY, ratios, strict=True))
    return Run(scenario, system, start_s=2.5, processes=3, rss_mib=300, pss_mib=200, points=points)


def results(*rounds: tuple[Run, ...]) -> Results:
    limits = {"jpeg-cnn": {"1 x 1": [110.0, 120.0], "2 x 8": [190.0, 210.0]}}
    otherwise = {
        "jpeg-cnn": {
            "memory as served": {"1 x 1": 1.12, "2 x 8": 1.03},
            "JPEGs decoded whole": {"1 x 1": 0.63, "2 x 8": 0.51},
        }
    }
    return Results(
        machine="a machine, 2 cores",
        begun="2026-11-30",
        seconds=3,
        versions={"fastapi": {"fastapi": "0.165.0"}, "limit": {"onnxruntime": "1.32.0"}},
        not_run={},
        rounds=tuple(Round(number, runs, limits, otherwise) for number, runs in enumerate(rounds)),
    )


def failed(system: str, why: str) -> Run:
    return replace(run(system, 1, 1, 1), failure=why, points=())

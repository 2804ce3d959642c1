"""Measurements as a run would give them, for the tests of what is made of them."""

from collections.abc import Sequence

from sightline_server.bench.analyzer import Figures
from sightline_server.bench.analyzer_log import AnalyzerLog, Window
from sightline_server.bench.points import Load, Loop, Point
from sightline_server.bench.stages import Counters
from sightline_server.bench.sweep import Sample
from sightline_server.perf_analyzer_files import Measurement

CLOSED_8 = Point("cnn", "http", Load(Loop.CLOSED, 8))
CLOSED_32 = Point("cnn", "grpc", Load(Loop.CLOSED, 32))
OPEN_50 = Point("gan", "http", Load(Loop.OPEN, 50))


def sample(
    point: Point = CLOSED_8,
    number: int = 1,
    throughput_per_s: float = 800.0,
    p50_ms: float = 10.0,
    spread: Sequence[float] = (800.0, 800.0, 800.0),
    late_percent: float = 0.0,
    failed: int = 0,
) -> Sample:
    percentiles_ms = {50: p50_ms, 90: 1.2 * p50_ms, 95: 1.5 * p50_ms, 99: 2 * p50_ms}
    log = AnalyzerLog(tuple(Window(rate, 10.0) for rate in spread), late_percent, is_behind=False)
    measurement = Measurement(point.load.value, throughput_per_s, p50_ms, percentiles_ms)
    counters = {
        point.model: Counters(requests=2400, failed=failed, rows=2400, executions=2400, total_ns=24_000_000_000),
        f"{point.model}_network": Counters(
            requests=2400,
            rows=2400,
            executions=600,
            total_ns=20_400_000_000,
            queue_ns=7_200_000_000,
            infer_ns=12_000_000_000,
        ),
    }
    return Sample(point, number, Figures(measurement, log), counters)


def failed_sample(point: Point = CLOSED_8, number: int = 1, failed: int = 3) -> Sample:
    counters = {point.model: Counters(requests=5, failed=failed), f"{point.model}_network": Counters()}
    return Sample(point, number, None, counters, "perf_analyzer ended with 99: the model raised")

"""All measurements, one after the other, with what Triton counted meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline_server.bench.analyzer import Figures, NoFigures, measure
from sightline_server.bench.options import BenchOptions
from sightline_server.bench.points import Point, order_of_round, points_of
from sightline_server.bench.service import Service
from sightline_server.bench.stages import Counters, growth
from sightline_server.bench.targets import Target
from sightline_server.control import CallFailed
from sightline_server.perf_analyzer import PerfAnalyzer
from sightline_server.perf_analyzer_files import request_data


@dataclass(frozen=True)
class Sample:
    """One measurement: a point in a round."""

    point: Point
    round: int
    """From 1."""
    figures: Figures | None
    """None where there are none; then `failure` says why."""
    counters: Mapping[str, Counters]
    """What the model and its parts did meanwhile, by name; empty where that is not known."""
    failure: str = ""


def sweep(
    options: BenchOptions, targets: Sequence[Target], service: Service, analyzer: PerfAnalyzer, scratch: Path
) -> Iterator[Sample]:
    """Measures every point once in each round.

    Args:
        options: What was asked for.
        targets: The models, with what to send them.
        service: Is asked for Triton's statistics before and after each measurement.
        analyzer: The load generator.
        scratch: An empty folder for its files.
    """
    by_model = {each.model: each for each in targets}
    files = {each.model: scratch / f"requests-{number}.json" for number, each in enumerate(targets)}
    for model, file in files.items():
        file.write_text(request_data(by_model[model].requests), encoding="ascii")
    names = [each.model for each in targets]
    points = points_of(names, options.protocols, options.loads, shared_memory=options.shared_memory)
    for number in range(1, options.rounds + 1):
        for point in order_of_round(points, number):
            yield sample(options, by_model[point.model], service, analyzer, point, number, files[point.model])


def sample(
    options: BenchOptions,
    target: Target,
    service: Service,
    analyzer: PerfAnalyzer,
    point: Point,
    number: int,
    requests: Path,
) -> Sample:
    figures, counters, failure = None, {}, ""
    try:
        before = service.counters()
        try:
            address = options.address(point.protocol)
            figures = measure(analyzer, point, target.version, address, requests, options.settings)
        except NoFigures as error:
            failure = str(error)
        counters = growth(before, service.counters(), (target.model, *target.parts))
    except CallFailed as error:
        figures, failure = None, failure or f"the server does not say what it counted: {error.message}"
    except ValueError as error:
        figures, failure = None, failure or str(error)
    return Sample(point, number, figures, counters, failure)

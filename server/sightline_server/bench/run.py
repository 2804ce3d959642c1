"""From the options of `sightline bench` to tables on stdout and files in a folder."""

import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sightline_server.bench.analyzer_log import WINDOWS
from sightline_server.bench.check import require_right_answers
from sightline_server.bench.circumstances import Circumstances, look_around
from sightline_server.bench.options import BenchOptions
from sightline_server.bench.pictures import read_pictures
from sightline_server.bench.points import Point, points_of
from sightline_server.bench.progress import Progress, say
from sightline_server.bench.reach import loaded_models, require_http, server_version
from sightline_server.bench.report import require_directory, write_report
from sightline_server.bench.service import Service
from sightline_server.bench.shared_regions import require_regions, without_optional_inputs
from sightline_server.bench.summary import summarise
from sightline_server.bench.sweep import Sample, sweep
from sightline_server.bench.table import load_table, print_table, stage_table
from sightline_server.bench.targets import Target, find_targets
from sightline_server.errors import MeasurementError, NotAnsweringError
from sightline_server.perf_analyzer import PerfAnalyzer, find_perf_analyzer
from sightline_server.stop_signals import StopSignals

START_S = 0.5
"""About what perf_analyzer needs beside its windows."""


@dataclass(frozen=True)
class Prepared:
    """Everything that is there before the first measurement."""

    targets: tuple[Target, ...]
    points: tuple[Point, ...]
    analyzer: PerfAnalyzer
    circumstances: Circumstances


def run(options: BenchOptions, signals: StopSignals) -> None:
    """Measures, prints and writes. Where something ends it early, what was measured until then is printed and written.

    Raises:
        Stopped: One of `signals`, which the caller handles, came.
        SightlineServerError: Something was missing or went wrong; see `errors`.
    """
    samples: list[Sample] = []
    with closing(Service(options.grpc_url)) as service:
        with signals.interrupting():
            prepared = prepare(options, service)
        try:
            with signals.interrupting():
                measure(options, prepared, service, samples)
                require_right_answers(service, prepared.targets, "after the measurements")
        finally:
            if samples:
                publish(options, prepared, samples)
    failures = [sample for sample in samples if sample.failure]
    if failures:
        first = failures[0]
        raise MeasurementError(
            f"Expected figures from all {len(samples)} measurements, got none from {len(failures)}; the first was "
            f"{first.point} in round {first.round}: {first.failure}"
        )


def prepare(options: BenchOptions, service: Service) -> Prepared:
    """Finds all that is needed and proves that the answers are right, so that nothing is measured in vain."""
    require_directory(options.output)
    pictures = read_pictures(options.pictures)
    served = loaded_models(service, options.grpc_url)
    if "http" in options.protocols:
        require_http(options.http_url)
    if options.shared_memory:
        require_regions(service, options)
    found = find_targets(served, options.models, options.repository, pictures)
    if options.shared_memory:
        found = without_optional_inputs(found, served, options.models)
    for note in found.notes:
        say(note)
    for target in found.targets:
        if not service.is_model_ready(target.model, target.version):
            raise NotAnsweringError(
                f"Expected {target.model} version {target.version} to be ready, it is not. Look into the log of "
                "`sightline serve`, or name other models."
            )
    require_right_answers(service, found.targets, "before the measurements")
    version = server_version(service, options.grpc_url)
    analyzer = find_perf_analyzer(say)
    names = [each.model for each in found.targets]
    points = points_of(names, options.protocols, options.loads, shared_memory=options.shared_memory)
    return Prepared(found.targets, points, analyzer, look_around(version))


def measure(options: BenchOptions, prepared: Prepared, service: Service, samples: list[Sample]) -> None:
    """Adds to `samples` as they come."""
    count = len(prepared.points) * options.rounds
    seconds = count * (WINDOWS * options.settings.window_s + START_S)
    say(f"{count} measurements, about {duration(seconds)}.")
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as scratch, Progress(count) as progress:
        for sample in sweep(options, prepared.targets, service, prepared.analyzer, Path(scratch)):
            samples.append(sample)
            progress.measured(sample)


def publish(options: BenchOptions, prepared: Prepared, samples: Sequence[Sample]) -> None:
    limit = options.settings.stability_percent
    summaries = summarise(prepared.points, samples, limit)
    print_table(load_table(summaries, options.settings.percentile), sys.stdout)
    print()
    print_table(stage_table(summaries), sys.stdout)
    circumstances = prepared.circumstances.record(options, prepared.targets, prepared.analyzer.version)
    written = write_report(options.output, summaries, samples, circumstances, limit)
    say(f"Written: {', '.join(str(path) for path in written)}")


def duration(seconds: float) -> str:
    """A time for people, in its two largest units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"

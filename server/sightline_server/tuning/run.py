"""From the options of `sightline tune` to its outcome."""

import os
import platform
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sightline_server.arrangement import AUTO, Arrangement, candidates, default_config_name
from sightline_server.bench.analyzer import NoFigures
from sightline_server.bench.check import require_right_answers
from sightline_server.bench.service import Service
from sightline_server.bench.targets import Target, find_targets
from sightline_server.console import Console
from sightline_server.errors import MeasurementError, NotARepositoryError
from sightline_server.model_config import read_config_file
from sightline_server.perf_analyzer import PerfAnalyzer, find_perf_analyzer
from sightline_server.perf_analyzer_files import request_data
from sightline_server.repository import read_repository, served_file
from sightline_server.selection import select
from sightline_server.serving import run_directory
from sightline_server.supervisor import Plan
from sightline_server.tuned import variant_files
from sightline_server.tuning.arranged import variant
from sightline_server.tuning.contestant import Grounds, LoadGenerator
from sightline_server.tuning.cores import Cores, cores_of_this_machine
from sightline_server.tuning.decision import Decision, Measure, decide
from sightline_server.tuning.field import Field
from sightline_server.tuning.objective import LoadFigures
from sightline_server.tuning.options import TuneOptions
from sightline_server.tuning.outcome import Outcome
from sightline_server.tuning.pace import pace_of, require_time
from sightline_server.tuning.progress import Progress
from sightline_server.tuning.race import Race

END_S = 2.0
"""Kept for ending servers and writing files."""
BUSY = 1.0
"""A load average from which on somebody else is at work."""


def tune(options: TuneOptions, console: Console) -> Outcome:
    """Tries arrangements until the time is over. Nothing is written.

    Raises:
        SightlineServerError: Something was missing or went wrong; see `errors`.
        Stopped: A signal came.
    """
    select(read_repository(options.repository, AUTO), (options.model,))
    cores = cores_of_this_machine(options.cpus)
    warn_of_others(console)
    analyzer = find_perf_analyzer(console.say)
    begun_s = time.monotonic()
    exported = exported_configs(options.repository / options.model)
    tried = candidates(cores.count, [variant(name, config) for name, config in exported.items()])
    with (
        run_directory(console) as directory,
        Field(
            Grounds(options.model, options.repository, directory, options.runtime, cores, console), exported
        ) as field,
        Progress(options.minutes * 60) as progress,
        tempfile.TemporaryDirectory(dir=directory) as scratch,
    ):

        def remaining_s() -> float:
            return begun_s + options.minutes * 60 - END_S - time.monotonic()

        progress.starting(tried[0])
        default = field.start(tried[0])
        target, answer_s = known(default.plan, options)
        generator = load_generator(target, analyzer, Path(scratch), cores)
        pace = pace_of(generator, default, answer_s)
        require_time(remaining_s(), pace.round_s, options)
        left_out = field.start_others(tried[1:], remaining_s, pace.round_s, progress.starting)

        def measure(arrangement: Arrangement, concurrency: int) -> LoadFigures:
            figures = generator.measure(field.running[arrangement].plan, concurrency, pace.window_s)
            progress.measured(race.number, arrangement, concurrency, figures)
            return figures

        race = Race(tried[0], options.latency_budget_ms)
        try:
            race.run(list(field.running), measure, remaining_s, pace.round_s, field.end)
        except NoFigures as error:
            raise MeasurementError(f"Expected figures of the default, {tried[0]}, got none: {error}") from error
        for each in field.running.values():
            with closing(Service(each.plan.urls["grpc_url"])) as service:
                require_right_answers(service, [target], "after the measurements")
    return Outcome(
        options,
        cores,
        race.rounds,
        field.memory_mib,
        {**left_out, **race.failures},
        decision(race),
        pace.window_s,
        time.monotonic() - begun_s,
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        platform.platform(),
    )


def warn_of_others(console: Console) -> None:
    load_average = os.getloadavg()[0]
    if load_average > BUSY:
        console.say(
            f"WARNING: this machine was busy in the last minute (load average {load_average:.1f}), which falls on the "
            "figures. Tune again when it is idle."
        )


def exported_configs(folder: Path) -> Mapping[str, Any]:
    """The variants of a model by name, first what is served without tuning.

    Raises:
        NotARepositoryError: It has no configuration.
    """
    files = variant_files(folder)
    if not files:
        raise NotARepositoryError(
            f"{folder.name} cannot be tuned: expected a config.pbtxt in {folder}, found none. Write one that names its "
            "backend, inputs and outputs."
        )
    default = served_file(folder, default_config_name())
    ordered = sorted(files, key=lambda name: files[name] != default)
    return {name: read_config_file(files[name], folder.name) for name in ordered}


def known(plan: Plan, options: TuneOptions) -> tuple[Target, float]:
    """What to send, and the seconds that one golden answer takes alone."""
    with closing(Service(plan.urls["grpc_url"])) as service:
        (target,) = find_targets(service.served(), [options.model], options.repository, ()).targets
        require_right_answers(service, [target], "before the measurements")
        asked_s = time.monotonic()
        require_right_answers(service, [target], "before the measurements")
        return target, time.monotonic() - asked_s


def load_generator(target: Target, analyzer: PerfAnalyzer, scratch: Path, cores: Cores) -> LoadGenerator:
    requests = scratch / "requests.json"
    requests.write_text(request_data(target.requests), encoding="ascii")
    return LoadGenerator(analyzer, target.model, target.version, requests, cores)


def decision(race: Race) -> Decision:
    challengers = [each for each in race.final if each != race.default]
    if race.default not in race.final or not challengers:
        return Decision(race.default, None, Measure.THROUGHPUT, None)
    (challenger,) = challengers
    return decide(race.default, race.final[race.default], challenger, race.final[challenger], race.latency_budget_ms)

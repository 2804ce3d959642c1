"""From the options of `sightline trace` to a waterfall."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from sightline_server.command_line import url_host
from sightline_server.console import Console
from sightline_server.errors import RequestRefusedError, TritonError
from sightline_server.private_server import private_options
from sightline_server.serving import make_plan, run_directory
from sightline_server.tracing.client import Question, ask
from sightline_server.tracing.recording import Recording, recorded_server
from sightline_server.tracing.stages import ClientTimes, stages_of
from sightline_server.tracing.waterfall import Waterfall, waterfall

WARM_UP = 5


@dataclass(frozen=True)
class TraceOptions:
    """What a user asked for."""

    repository: Path
    question: Question
    repeat: int
    config_name: str
    runtime: Path | None


def trace(options: TraceOptions, console: Console) -> Waterfall:
    """Start a server of its own, ask it, and say where the time went.

    Raises:
        SightlineServerError: Something was missing or went wrong; see `errors`.
    """
    with run_directory(console) as directory:
        chosen = private_options(options.repository, (options.question.model,), options.config_name, options.runtime)
        plan = make_plan(chosen, directory, console)
        recording = Recording(directory, WARM_UP + options.repeat)
        try:
            with recorded_server(plan, recording, console):
                times = measure(url_host(plan.host), plan.ports.http, options.question, options.repeat, "request")
        except RequestRefusedError:
            plan.log_path.unlink(missing_ok=True)  # it tells nothing about a mistake in the request
            raise
        return evaluate(options.question.model, times, recording)


def measure(host: str, port: int, question: Question, repeat: int, series: str) -> dict[str, ClientTimes]:
    """Ask `repeat` times after a few times for warming up; the ids of the requests begin with `series`."""
    ids = [f"{series}-{number}" for number in range(-WARM_UP, repeat)]
    with click.progressbar(ids, label=f"Asking {question.model} {len(ids)} times", file=sys.stderr) as asked:
        times = ask(host, port, question, asked)
    return {request_id: times[request_id] for request_id in ids[WARM_UP:]}


def evaluate(model: str, times: dict[str, ClientTimes], recording: Recording) -> Waterfall:
    """The waterfall of the requests that Triton traced.

    Raises:
        TritonError: It traced none.
    """
    traces, spans = recording.traces(), recording.spans()
    traced = [stages_of(times[request], traces[request], spans) for request in times if request in traces]
    if not traced:
        raise TritonError(f"expected traces of {len(times)} requests from tritonserver, got none of them. Try again.")
    return waterfall(model, traced)

"""A tritonserver of our own that writes down what it does when."""

import contextlib
import dataclasses
from collections.abc import Generator
from pathlib import Path

from sightline_server.console import Console
from sightline_server.private_server import started_server
from sightline_server.stubs import find_stubs, model_of
from sightline_server.supervisor import EXIT_GRACE_S, Plan
from sightline_server.tracing.recorded import read_spans, traces_by_request, traces_from_json
from sightline_server.tracing.stages import ModelTrace, Span

SPANS_VARIABLE = "SIGHTLINE_SPANS"


class Recording:
    """What a tritonserver and its Python processes note in a folder, complete once the server has ended.

    requests: after so many tritonserver writes their traces, not while they are being answered.
    """

    def __init__(self, folder: Path, requests: int) -> None:
        self.trace_file = folder / "trace.json"
        self.requests = requests
        self.spans_folder = folder / "spans"
        self.spans_folder.mkdir()
        self.models: dict[int, str] = {}
        """Process id of each Python process -> its model."""

    def recorded(self, plan: Plan) -> Plan:
        """The same server, but all of its requests are noted."""
        file = (f"triton,file={self.trace_file}", f"triton,log-frequency={self.requests}")
        flags = ("mode=triton", *file, "rate=1", "level=TIMESTAMPS")
        return dataclasses.replace(
            plan,
            command=(*plan.command, *(f"--trace-config={flag}" for flag in flags)),
            environment={**plan.environment, SPANS_VARIABLE: str(self.spans_folder)},
        )

    def traces(self) -> dict[str, tuple[ModelTrace, ...]]:
        """The traces of each request by its id.

        Raises:
            TritonError: one of the files cannot be read.
        """
        files = self.trace_file.parent.glob(f"{self.trace_file.name}*")
        return traces_by_request(trace for file in files for trace in traces_from_json(file.read_text()))

    def spans(self) -> list[Span]:
        return read_spans(self.spans_folder, self.models)


@contextlib.contextmanager
def recorded_server(plan: Plan, recording: Recording, console: Console) -> Generator[None]:
    """Run a plan, all of whose requests go to `recording`.

    Raises:
        TritonError: It did not become ready.
    """
    plan = recording.recorded(plan)
    names = [model.name for model in plan.selection.models]

    def progress(elapsed_s: float, loaded: tuple[str, ...]) -> None:
        console.progress(elapsed_s, loaded, len(names))

    with started_server(plan, progress, plan.exit_timeout_s + EXIT_GRACE_S) as (process, _):
        console.clear_progress()
        recording.models = {
            pid: model for pid, instance in find_stubs(process.pid).items() if (model := model_of(instance, names))
        }
        yield

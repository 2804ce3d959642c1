"""A server with configurations of its own: started, measured and ended."""

import contextlib
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline_server.arrangement import AUTO
from sightline_server.bench.analyzer import measure
from sightline_server.bench.options import Settings
from sightline_server.bench.points import Load, Loop, Point
from sightline_server.console import Console
from sightline_server.perf_analyzer import PerfAnalyzer
from sightline_server.private_server import private_options, private_server
from sightline_server.repository_links import link_repository
from sightline_server.serving import make_plan
from sightline_server.stubs import find_stubs
from sightline_server.supervisor import Plan
from sightline_server.tuning.cores import Cores, confined, on_other_cores
from sightline_server.tuning.memory import own_memory_mib
from sightline_server.tuning.objective import LoadFigures

P95 = 95


@dataclass(frozen=True)
class Contestant:
    """A running server. start_s: what starting it took."""

    plan: Plan
    pid: int
    start_s: float

    def memory_mib(self) -> float:
        """What it takes now, beyond program files."""
        return own_memory_mib([self.pid, *find_stubs(self.pid)])


@dataclass(frozen=True)
class LoadGenerator:
    """perf_analyzer with the requests that it sends."""

    analyzer: PerfAnalyzer
    model: str
    version: int
    requests: Path
    """As `perf_analyzer_files.request_data` writes them, in a folder of its own."""
    cores: Cores

    def measure(self, plan: Plan, concurrency: int, window_s: float) -> LoadFigures:
        """Raises NoFigures where there are none."""
        settings = Settings(window_s, "constant", None, stability_percent=100)
        point = Point(self.model, "http", Load(Loop.CLOSED, concurrency))
        with on_other_cores(self.cores):
            figures = measure(
                self.analyzer, point, self.version, f"{plan.host}:{plan.ports.http}", self.requests, settings
            )
        return LoadFigures(figures.measurement.throughput_per_s, figures.measurement.percentiles_ms[P95])


@dataclass(frozen=True)
class Grounds:
    """What the servers have in common. directory: a private folder."""

    model: str
    repository: Path
    directory: Path
    runtime: Path | None
    cores: Cores
    console: Console


@contextlib.contextmanager
def contestant(configs: Mapping[str, str], grounds: Grounds) -> Generator[Contestant]:
    """Starts a server for one model, with configurations of its own; the repository stays as it is.

    configs: model -> the text of its configuration, of this model or of its steps.

    Raises:
        SightlineServerError: It could not be started, or answers wrongly.
    """
    begun_s = time.monotonic()
    directory = Path(tempfile.mkdtemp(dir=grounds.directory))
    files = {model: directory / f"{model}.pbtxt" for model in configs}
    for model, file in files.items():
        file.write_text(configs[model], encoding="utf-8")
    staged = link_repository(grounds.repository, directory / "staged", files)
    options = private_options(staged, (grounds.model,), AUTO, grounds.runtime)
    plan = confined(make_plan(options, directory, grounds.console), grounds.cores)
    with private_server(plan, lambda _elapsed_s, _loaded: None) as process:
        yield Contestant(plan, process.pid, time.monotonic() - begun_s)

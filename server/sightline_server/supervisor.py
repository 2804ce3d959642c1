"""Keeps one tritonserver running: starts it, tests it, watches it, starts it again and ends it."""

import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sightline_server.command_line import Ports, url_host
from sightline_server.console import COLUMNS, Console, model_rows, print_table
from sightline_server.control import CallFailed, Control
from sightline_server.errors import TritonError
from sightline_server.process import TritonProcess
from sightline_server.recovery import MAX_QUICK_DEATHS, QUICK_DEATH_S, RestartPolicy
from sightline_server.selection import Selection
from sightline_server.selftest import Tested, self_test
from sightline_server.shared_memory import remove_unused_regions
from sightline_server.startup import wait_until_ready
from sightline_server.stop_signals import Stopped, StopSignals
from sightline_server.triton_log import decisive_lines
from sightline_server.watch import Watch

LOOK_INTERVAL_S = 0.25
# tritonserver counts its exit timeout itself; this is for what it does after that
EXIT_GRACE_S = 5


@dataclass(frozen=True)
class Plan:
    """How one tritonserver is started."""

    command: tuple[str, ...]
    environment: dict[str, str]
    log_path: Path
    host: str
    ports: Ports
    control_key: str
    region_prefix: str
    selection: Selection
    exit_timeout_s: int
    startup_timeout_s: float
    ready_file: Path | None

    @property
    def urls(self) -> dict[str, str]:
        host = url_host(self.host)
        return {
            "http_url": f"http://{host}:{self.ports.http}",
            "grpc_url": f"grpc://{host}:{self.ports.grpc}",
            "metrics_url": f"http://{host}:{self.ports.metrics}/metrics",
        }


class Supervisor:
    """Runs a plan until a signal comes; a second signal does not wait for requests that are still running."""

    def __init__(self, plan: Plan, console: Console, signals: StopSignals) -> None:
        self.plan = plan
        self.console = console
        self.control = Control(f"{url_host(plan.host)}:{plan.ports.grpc}", plan.control_key)
        self.signals = signals

    def run(self) -> None:
        """Serves until it is told to stop.

        Raises:
            TritonError: tritonserver did not become ready at the first start, or died again and again. A later
                start that fails, whatever the reason, counts as a quick death; nothing is announced meanwhile.
            SelfTestError: A golden answer was not reproduced.
        """
        restarts = RestartPolicy()
        self.remove_ready_file()
        with contextlib.suppress(Stopped):
            while not self.signals.requests:
                failure: TritonError | None = None
                try:
                    lifetime_s = self.run_once(is_restart=restarts.quick_deaths > 0)
                except TritonError as error:
                    # it was ready before with the same models, so what is wrong now may pass
                    if restarts.quick_deaths == 0:
                        raise
                    lifetime_s, failure = 0.0, error
                if self.signals.requests:
                    break
                if failure is not None:
                    self.console.say(failure.message)
                delay_s = restarts.delay_after_death(lifetime_s)
                if delay_s is None:
                    raise failure or TritonError(
                        f"tritonserver ended {MAX_QUICK_DEATHS} times, each within {QUICK_DEATH_S:.0f} s of its start, "
                        f"and is not started again. Its log is {self.plan.log_path}."
                    )
                self.console.say(f"Starting it again in {delay_s:g} s.")
                self.signals.wake.wait(delay_s)
        self.control.close()

    def run_once(self, *, is_restart: bool) -> float:
        """Runs one tritonserver until its end; returns how long it lived after it was ready, in seconds."""
        process = TritonProcess(self.plan.command, self.plan.environment, self.plan.log_path)
        try:
            took_s = self.wait_until_ready(process)
            tested = self.test(process)
            ready_at = time.monotonic()
            self.announce(process, tested, took_s, is_restart=is_restart)
            self.watch(process, tested)
            return time.monotonic() - ready_at
        finally:
            self.remove_ready_file()
            self.end(process)

    def wait_until_ready(self, process: TritonProcess) -> float:
        expected = len(self.plan.selection.models)
        try:
            return wait_until_ready(
                process,
                self.control,
                stall_timeout_s=self.plan.startup_timeout_s,
                progress=lambda elapsed_s, loaded: self.console.progress(elapsed_s, loaded, expected),
                stopped=lambda: self.signals.requests > 0,
            )
        finally:
            self.console.clear_progress()

    def test(self, process: TritonProcess) -> tuple[Tested, ...]:
        try:
            return self_test(self.control, self.plan.selection.models)
        except CallFailed as error:
            raise TritonError(
                f"tritonserver was ready but does not say what it serves ({process.describe_exit()}): {error.message}"
            ) from error

    def announce(self, process: TritonProcess, tested: tuple[Tested, ...], took_s: float, *, is_restart: bool) -> None:
        urls = self.plan.urls
        if is_restart:
            self.console.say(f"tritonserver is ready again after {took_s:.1f} s (process {process.pid}).")
        else:
            shown = [entry for entry in tested if entry.model.name in self.plan.selection.top_level]
            print_table(COLUMNS, model_rows(shown), sys.stdout)
            self.console.say(
                f"Ready after {took_s:.1f} s on {urls['http_url']} and {urls['grpc_url']}, metrics on "
                f"{urls['metrics_url']}. Ctrl-C ends it."
            )
        self.write_ready_file(process, tested)

    def watch(self, process: TritonProcess, tested: tuple[Tested, ...]) -> None:
        """Looks after the models until tritonserver ends, must be ended, or a stop is asked for."""
        models = self.plan.selection.models
        watch = Watch(self.control, process.pid, tested, models, self.plan.region_prefix, self.console.say)
        while not self.signals.requests and process.exit_status is None:
            can_go_on = watch.look()
            process.dead_models = watch.reloads
            if not can_go_on and process.exit_status is None:
                self.console.say("Ending tritonserver, because a model cannot be repaired in it.")
                return
            self.signals.wake.wait(LOOK_INTERVAL_S)
        if process.exit_status is not None:
            self.console.say(f"tritonserver ended by itself with {process.describe_exit()}. It said last:")
            for line in decisive_lines(process.log_text(), limit=4):
                self.console.say(f"    {line}")

    def end(self, process: TritonProcess) -> None:
        timeout_s = self.plan.exit_timeout_s + EXIT_GRACE_S
        by_itself = process.stop(timeout_s, hurry=lambda: self.signals.requests > 1)
        if not by_itself and self.signals.requests > 1:
            self.console.say("tritonserver was ended at once.")
        remove_unused_regions(self.plan.region_prefix)

    def write_ready_file(self, process: TritonProcess, tested: tuple[Tested, ...]) -> None:
        path = self.plan.ready_file
        if path is None:
            return
        models = sorted({entry.model.name for entry in tested})
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(json.dumps({**self.plan.urls, "pid": process.pid, "models": models}))
        beside.replace(path)

    def remove_ready_file(self) -> None:
        if self.plan.ready_file is not None:
            self.plan.ready_file.unlink(missing_ok=True)

"""From the options of `sightline serve` to a supervised tritonserver."""

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline_server.arrangement import AUTO, variant_of_untuned
from sightline_server.backend_directory import assemble_backend_directory, linked_repository, make_run_directory
from sightline_server.command_line import (
    Ports,
    Wanted,
    flags_in_help,
    is_loopback,
    tritonserver_command,
    tritonserver_environment,
)
from sightline_server.console import Console
from sightline_server.errors import MachineError, PortInUseError, SightlineServerError
from sightline_server.log_stream import streamed
from sightline_server.machine import examine_machine, examine_ports, examine_selection
from sightline_server.ports import require_host, with_free_ports
from sightline_server.preflight import Finding
from sightline_server.repository import Model, read_repository
from sightline_server.runtime import find_runtime
from sightline_server.selection import Selection, select
from sightline_server.shared_memory import region_prefix
from sightline_server.stop_signals import Stopped, StopSignals
from sightline_server.supervisor import Plan, Supervisor
from sightline_server.tuned import is_outdated, is_tuned, tuned_file


@dataclass(frozen=True)
class ServeOptions:
    """What a user asked for."""

    repository: Path
    models: tuple[str, ...]
    host: str
    ports: Ports
    config_name: str | None
    runtime: Path | None
    ready_file: Path | None
    log_file: Path | None
    startup_timeout_s: float
    exit_timeout_s: int
    verbose: bool
    allow_shared_memory: bool = False

    def __post_init__(self) -> None:
        if self.allow_shared_memory and not is_loopback(self.host):
            raise ValueError(
                f"--allow-shared-memory needs an address that only this machine reaches, such as --host 127.0.0.1, got "
                f"--host {self.host}: it lets every client read and write shared memory of this machine. Leave one out."
            )


def run(options: ServeOptions, console: Console, signals: StopSignals) -> None:
    """Serves a repository until one of `signals`, which the caller handles, comes.

    Raises:
        SightlineServerError: Something was missing or went wrong; see `errors`.
    """
    with contextlib.suppress(Stopped), run_directory(console) as directory:
        with signals.interrupting():
            plan = make_plan(options, directory, console)
        console.say(f"The log of tritonserver is {plan.log_path}.")
        with streamed(plan.log_path) if options.verbose else contextlib.nullcontext():
            Supervisor(plan, console, signals).run()


@contextlib.contextmanager
def run_directory(console: Console) -> Generator[Path]:
    """A private folder that is removed at the end, except for the log of a server that failed."""
    directory = make_run_directory()
    log = directory / "tritonserver.log"
    try:
        yield directory
    except SightlineServerError:
        if log.exists():
            kept = directory.with_suffix(".log")
            log.replace(kept)
            console.say(f"The log of tritonserver was kept: {kept}.")
        raise
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def make_plan(options: ServeOptions, directory: Path, console: Console) -> Plan:
    """Checks everything that can be checked before tritonserver is started, and says how to start it."""
    models = read_repository(options.repository, options.config_name)
    selection = select(models, options.models)
    for note in selection.notes:
        console.say(f"Left out: {note}")
    for name in outdated_choices(selection, options.config_name):
        console.say(
            f"{name} was exported again since it was tuned, so its configs/auto.pbtxt is not used: run "
            f"`sightline tune {name}` again, or remove the file."
        )
    require_host(options.host)
    raise_for_ports(examine_ports(options.host, options.ports))
    runtime = find_runtime(options.runtime)
    instances = sum(model.instance_count for model in selection.models if not model.is_ensemble)
    findings, library_directory = examine_machine(runtime, instances, directory / "lib")
    raise_for_machine([*findings, *examine_selection(selection, runtime)])
    if not is_loopback(options.host):
        console.say(
            f"WARNING: {options.host} can be reached from other machines. This server has no authentication, and a "
            "single request of a malicious client can end tritonserver 2.51 or do worse. Put a gateway in front of it."
        )
    if options.allow_shared_memory:
        console.say("Shared memory is allowed: every program on this machine can have tritonserver read and write it.")
    environment = tritonserver_environment(
        os.environ,
        runtime.python.executable if runtime.python else None,
        [library_directory] if library_directory else [],
    )
    ports = with_free_ports(options.host, options.ports)
    wanted = Wanted(
        tritonserver=runtime.tritonserver,
        repository=linked_repository(options.repository, directory, tuned_configs(models, options.config_name)),
        backend_directory=assemble_backend_directory(runtime, directory / "backends"),
        models=selection.loaded_by_name,
        host=options.host,
        ports=ports,
        control_key=secrets.token_hex(16),
        region_prefix=region_prefix(secrets.token_hex(6)),
        exit_timeout_s=options.exit_timeout_s,
        config_name=variant_of_untuned(options.config_name),
        allow_shared_memory=options.allow_shared_memory,
    )
    return Plan(
        command=tuple(tritonserver_command(wanted, known_flags(runtime.tritonserver, environment))),
        environment=environment,
        log_path=options.log_file or directory / "tritonserver.log",
        host=options.host,
        ports=ports,
        control_key=wanted.control_key,
        region_prefix=wanted.region_prefix,
        selection=selection,
        exit_timeout_s=options.exit_timeout_s,
        startup_timeout_s=options.startup_timeout_s,
        ready_file=options.ready_file,
    )


def tuned_configs(models: Mapping[str, Model], config_name: str | None) -> dict[str, Path]:
    """The choices of `sightline tune`, by model, where they are to be served."""
    if config_name != AUTO:
        return {}
    return {name: tuned_file(model.path) for name, model in models.items() if is_tuned(model.path)}


def outdated_choices(selection: Selection, config_name: str | None) -> list[str]:
    return [model.name for model in selection.models if config_name == AUTO and is_outdated(model.path)]


def known_flags(tritonserver: Path, environment: dict[str, str]) -> frozenset[str]:
    try:
        done = subprocess.run(
            [str(tritonserver), "--help"], capture_output=True, text=True, timeout=60, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"{tritonserver} cannot be started: {error}. Run `sightline doctor`.") from error
    flags = flags_in_help(done.stdout + done.stderr)
    if "--model-repository" not in flags:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise MachineError(f"{tritonserver} cannot be started: it said {said}. Run `sightline doctor`.")
    return flags


def raise_for_ports(findings: list[Finding]) -> None:
    failed = [f"{finding.found} ({finding.advice})" for finding in findings if not finding.ok]
    if failed:
        raise PortInUseError("; ".join(failed) + ".")


def raise_for_machine(findings: list[Finding]) -> None:
    failed = [str(finding) for finding in findings if not finding.ok]
    if len(failed) == 1:
        raise MachineError(failed[0] + ".")
    if failed:
        raise MachineError(
            "This machine lacks what is needed to serve:\n" + "\n".join(f"    {text}" for text in failed)
        )

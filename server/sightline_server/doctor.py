"""`sightline doctor`: every check of `serve`, as a table, without starting anything."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sightline_server.command_line import Ports
from sightline_server.console import print_table
from sightline_server.errors import MachineError, SightlineServerError
from sightline_server.machine import examine_machine, examine_ports, examine_selection
from sightline_server.preflight import Finding
from sightline_server.repository import read_repository
from sightline_server.runtime import Runtime, find_runtime
from sightline_server.selection import Selection, select


@dataclass(frozen=True)
class DoctorOptions:
    """What `serve` would be asked for."""

    repository: Path
    models: tuple[str, ...]
    host: str
    ports: Ports
    config_name: str | None
    runtime: Path | None
    machine_only: bool = False
    """Leave out the repository, which may not be built yet, and the ports."""


def examine(options: DoctorOptions) -> list[Finding]:
    """Runs every check that the facts allow."""
    findings: list[Finding] = []
    selection = None if options.machine_only else examine_repository(options, findings)
    runtime = examine_runtime(options, findings)
    if runtime is not None:
        models = selection.models if selection else ()
        instances = sum(model.instance_count for model in models if not model.is_ensemble)
        with tempfile.TemporaryDirectory(prefix="sightline-") as directory:
            findings += examine_machine(runtime, instances, Path(directory, "lib"))[0]
        if selection is not None:
            findings += examine_selection(selection, runtime)
    return findings if options.machine_only else findings + examine_ports(options.host, options.ports)


def examine_repository(options: DoctorOptions, findings: list[Finding]) -> Selection | None:
    try:
        models = read_repository(options.repository, options.config_name)
        selection = select(models, options.models)
    except SightlineServerError as error:
        findings.append(Finding("model repository", False, error.message, "see the message"))
        return None
    found = f"{len(selection.models)} of {len(models)} models can be served"
    findings.append(Finding("model repository", True, " ".join([found, *selection.notes])))
    return selection


def examine_runtime(options: DoctorOptions, findings: list[Finding]) -> Runtime | None:
    try:
        runtime = find_runtime(options.runtime, really_import=True)
    except MachineError as error:
        findings.append(Finding("tritonserver", False, error.message, "run `sightline install-runtime`"))
        return None
    findings.append(Finding("tritonserver", True, str(runtime.tritonserver)))
    return runtime


def report(findings: list[Finding]) -> None:
    """Prints the findings.

    Raises:
        MachineError: One of them is not ok.
    """
    rows = [(finding.check, "ok" if finding.ok else "FAILED", finding.found, finding.advice) for finding in findings]
    print_table(("CHECK", "RESULT", "FOUND", "WHAT TO DO"), rows, sys.stdout)
    failed = sum(not finding.ok for finding in findings)
    if failed:
        raise MachineError(f"{failed} of {len(findings)} checks failed; the last column says what to do.")

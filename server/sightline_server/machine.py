"""Gathers the facts that `preflight` judges."""

import os
import resource
import shutil
import subprocess
from pathlib import Path

from sightline_server.backend_directory import sightline_backends
from sightline_server.command_line import Ports
from sightline_server.ports import host_problem, port_problem
from sightline_server.preflight import (
    Finding,
    SharedMemory,
    StubStart,
    check_backends,
    check_glibc,
    check_model_names,
    check_open_files,
    check_opencv,
    check_packages,
    check_ports,
    check_shared_memory,
    check_stub,
    missing_library,
)
from sightline_server.runtime import Python, Runtime
from sightline_server.selection import Selection
from sightline_server.shared_memory import SHARED_MEMORY

STUB_TIMEOUT_S = 10


def glibc_version() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        return ""


def start_stub(stub: Path, library_directory: Path | None = None) -> StubStart:
    """Starts the stub without arguments, which it refuses as soon as its libraries are loaded."""
    environment = dict(os.environ)
    if library_directory is not None:
        inherited = [value] if (value := environment.get("LD_LIBRARY_PATH")) else []
        environment["LD_LIBRARY_PATH"] = os.pathsep.join([str(library_directory), *inherited])
    try:
        done = subprocess.run(
            [str(stub)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=STUB_TIMEOUT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return StubStart(None, "")
    except OSError as error:
        return StubStart(127, str(error))
    return StubStart(done.returncode, done.stderr + done.stdout)


def own_library(python: Python) -> Path | None:
    """The shared library of the runtime's Python, when it was built with one."""
    if python.library_directory is None or python.library_name is None or ".so" not in python.library_name:
        return None
    library = python.library_directory / python.library_name
    return library if library.is_file() else None


def start_stub_somehow(runtime: Runtime, directory: Path) -> tuple[StubStart, Path | None]:
    """Starts the stub, if need be with the library of its own Python.

    Returns what it did and the folder that LD_LIBRARY_PATH needs, if any: `directory`, where a link to this one
    library is made, so that nothing else of that installation is found there.
    """
    stub = start_stub(runtime.stub)
    missing = missing_library(stub)
    library = own_library(runtime.python) if runtime.python else None
    if missing is None or library is None or library.name != missing[0]:
        return stub, None
    directory.mkdir(exist_ok=True)
    (directory / library.name).symlink_to(library)
    return start_stub(runtime.stub, directory), directory


def shared_memory(path: Path = SHARED_MEMORY) -> SharedMemory:
    if not path.is_dir():
        return SharedMemory(exists=False, writable=False, free_bytes=0)
    return SharedMemory(True, os.access(path, os.W_OK | os.X_OK), shutil.disk_usage(path).free)


def open_files_limit() -> int | None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard == resource.RLIM_INFINITY else hard


def examine_machine(runtime: Runtime, instances: int, directory: Path) -> tuple[list[Finding], Path | None]:
    """All checks that do not depend on a repository, and the library folder that the stub needs."""
    stub, library_directory = start_stub_somehow(runtime, directory)
    findings = [
        check_glibc(glibc_version()),
        check_stub(stub, runtime.python),
        *(check_packages(runtime.python) if runtime.python else []),
        check_shared_memory(shared_memory(), instances),
        check_open_files(open_files_limit()),
    ]
    return findings, library_directory


def examine_ports(host: str, ports: Ports) -> list[Finding]:
    problem = host_problem(host)
    if problem is not None:
        found = f"nobody can listen on {host}: {problem}"
        return [Finding("--host", False, found, "choose an address of this machine")]
    return check_ports(
        {flag: (port, port_problem(host, port) if port else None) for flag, port in ports.by_flag().items()}
    )


def examine_selection(selection: Selection, runtime: Runtime) -> list[Finding]:
    ours = sightline_backends(runtime.sightline_backends)
    triton = [path.name for path in runtime.triton_backends.glob("*") if any(path.glob("libtriton_*.so"))]
    return [
        check_model_names(selection),
        check_backends(selection, runtime, [*ours, *triton]),
        *check_opencv(selection, runtime),
    ]

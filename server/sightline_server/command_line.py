"""The command line and the environment of tritonserver, as pure functions of what is wanted."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RESTRICTED_GROUPS = ("model-repository", "logging", "trace")
SHARED_MEMORY_GROUP = "shared-memory"
KEY_NAME = "sightline-control"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

# glibc gives memory back after every request unless it is told not to, and faults it in again for the next one
MALLOC_SETTINGS = {
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(256 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
    "MALLOC_ARENA_MAX": "2",  # each further one would hold pages of its own for its thread
    # huge pages: the weights of a network are read whole for every batch, one page of 4 KiB after another
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
# one process per model instance: a pool of threads in each of them only makes them fight for the cores
SINGLE_THREADED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
# ONNX Runtime's Linux packages report their use to Microsoft since 1.29 unless told not to
PRIVACY = {"ORT_DISABLE_TELEMETRY": "1"}


@dataclass(frozen=True)
class Ports:
    """Where tritonserver listens."""

    http: int
    grpc: int
    metrics: int

    def __post_init__(self) -> None:
        for flag, port in self.by_flag().items():
            if not 0 <= port <= 65535:
                raise ValueError(f"{flag} must be a port from 1 to 65535, or 0 for any free one, got {port}.")
        chosen = [port for port in self.by_flag().values() if port]
        if len(chosen) != len(set(chosen)):
            flags = ", ".join(f"{flag} {port}" for flag, port in self.by_flag().items())
            raise ValueError(f"The three ports must differ, got {flags}.")

    def by_flag(self) -> dict[str, int]:
        return {"--http-port": self.http, "--grpc-port": self.grpc, "--metrics-port": self.metrics}


@dataclass(frozen=True)
class Wanted:
    """Everything that decides tritonserver's command line."""

    tritonserver: Path
    repository: Path
    backend_directory: Path
    models: tuple[str, ...]
    host: str
    ports: Ports
    control_key: str
    region_prefix: str
    exit_timeout_s: int = 10
    config_name: str | None = None
    allow_shared_memory: bool = False
    """Whether any client may name regions of this machine's shared memory to read from and to write to."""


def flags_in_help(help_text: str) -> frozenset[str]:
    """The flags that a tritonserver knows, from the text that its --help prints."""
    return frozenset(re.findall(r"^ {2}(--[a-z0-9-]+)", help_text, flags=re.MULTILINE))


def tritonserver_command(wanted: Wanted, known_flags: frozenset[str]) -> list[str]:
    """The arguments of tritonserver, its own path first.

    Flags that came or went between releases are given only when `known_flags` has them.
    """
    groups = ",".join(RESTRICTED_GROUPS if wanted.allow_shared_memory else (*RESTRICTED_GROUPS, SHARED_MEMORY_GROUP))
    command = [
        str(wanted.tritonserver),
        f"--model-repository={wanted.repository}",
        f"--backend-directory={wanted.backend_directory}",
        "--model-control-mode=explicit",
        *(f"--load-model={name}" for name in wanted.models),
        "--exit-on-error=true",
        f"--exit-timeout-secs={wanted.exit_timeout_s}",
        f"--http-address={wanted.host}",
        f"--grpc-address={wanted.host}",
        f"--metrics-address={wanted.host}",
        f"--http-port={wanted.ports.http}",
        f"--grpc-port={wanted.ports.grpc}",
        f"--metrics-port={wanted.ports.metrics}",
        f"--http-restricted-api={groups}:{KEY_NAME}={wanted.control_key}",
        f"--grpc-restricted-protocol={groups}:{KEY_NAME}={wanted.control_key}",
        f"--backend-config=python,shm-region-prefix-name={wanted.region_prefix}",
    ]
    if wanted.config_name:
        command.append(f"--model-config-name={wanted.config_name}")
    client_memory = "true" if wanted.allow_shared_memory else "false"
    optional = ("--allow-vertex-ai=false", "--allow-sagemaker=false", f"--allow-client-shm={client_memory}")
    command += [argument for argument in optional if argument.partition("=")[0] in known_flags]
    return command


def tritonserver_environment(
    inherited: Mapping[str, str], interpreter: Path | None, library_directories: Sequence[Path] = ()
) -> dict[str, str]:
    """The environment of tritonserver and so of its Python processes.

    Args:
        inherited: The environment that this process has; its own memory and thread settings win.
        interpreter: The interpreter of the runtime environment. The stub takes the packages that belong to the first
            `python3` on PATH, so its folder comes first. None leaves PATH alone.
        library_directories: Folders to search for shared libraries before the system's.
    """
    environment = {**MALLOC_SETTINGS, **SINGLE_THREADED, **PRIVACY, **inherited}
    for variable in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"):
        environment.pop(variable, None)
    if interpreter is not None:
        environment["PATH"] = os.pathsep.join([str(interpreter.parent), environment.get("PATH", os.defpath)])
    if library_directories:
        inherited_directories = [value] if (value := environment.get("LD_LIBRARY_PATH")) else []
        environment["LD_LIBRARY_PATH"] = os.pathsep.join([*map(str, library_directories), *inherited_directories])
    return environment


def is_loopback(host: str) -> bool:
    return host in LOOPBACK or host.startswith("127.")


def url_host(host: str) -> str:
    """The host as a client on this machine writes it."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  # compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host

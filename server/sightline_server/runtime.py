"""Finding a tritonserver: the one of a container, or the one of a runtime environment."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline_server.errors import MachineError

# written last by `sightline install-runtime`
MARKER = "sightline-runtime.json"
RUNTIME_VARIABLE = "SIGHTLINE_RUNTIME"


@dataclass(frozen=True)
class Python:
    """What the Python of the runtime environment said about itself."""

    executable: Path
    version: tuple[int, int, int]
    packages: Mapping[str, str | None]  # distribution -> version, None: not installed
    problems: Mapping[str, str]  # distribution -> why it cannot be imported
    library_directory: Path | None  # where an --enable-shared Python keeps its library
    library_name: str | None  # libpython3.11.so.1.0, or libpython3.11.a for a static Python

    @property
    def minor(self) -> str:
        return f"{self.version[0]}.{self.version[1]}"


@dataclass(frozen=True)
class Runtime:
    """A tritonserver and the Python-based backends that go with it."""

    tritonserver: Path
    """The executable."""
    triton_backends: Path
    """Folder with `python/libtriton_python.so`."""
    sightline_backends: Path | None
    """Folder with our Python-based backends; None when they are not installed."""
    stub: Path
    """`triton_python_backend_stub`: the program that one Python model runs in."""
    python: Python | None
    """None in a container: its stub finds the Python of the system."""

    @property
    def is_container(self) -> bool:
        return self.python is None


def default_runtime() -> Path:
    """Where `sightline install-runtime` puts the runtime environment: beside the packages of this interpreter."""
    return Path(sys.prefix, "share", "sightline", "runtime")


def find_runtime(runtime: Path | None = None, *, really_import: bool = False) -> Runtime:
    """Finds a tritonserver.

    In this order: the environment `runtime` or `SIGHTLINE_RUNTIME`; `tritonserver` on PATH (a container); the
    environment that `sightline install-runtime` made; the environment of this interpreter, when it holds
    nvidia-pytriton.

    Args:
        runtime: Folder of a virtual environment, or None.
        really_import: Import the packages of the environment instead of looking whether they are there.

    Raises:
        MachineError: There is no tritonserver, or it is not complete.
    """
    named = runtime or (Path(value) if (value := os.environ.get(RUNTIME_VARIABLE)) else None)
    if named is not None:
        return environment_runtime(named, really_import=really_import)
    on_path = shutil.which("tritonserver")
    if on_path is not None:
        return container_runtime(Path(on_path).resolve())
    if default_runtime().is_dir():
        if not (default_runtime() / MARKER).is_file():
            raise MachineError(
                f"The runtime environment {default_runtime()} is not finished. Run `sightline install-runtime`."
            )
        return environment_runtime(default_runtime(), really_import=really_import)
    own = describe_python(Path(sys.executable), really_import=really_import)
    if own["tritonserver"] is not None:
        return runtime_from_description(Path(sys.executable), own)
    raise MachineError(
        "No tritonserver was found: expected `tritonserver` on PATH, or a runtime environment in "
        f"{default_runtime()}. Run `sightline install-runtime`, or name one with --runtime or {RUNTIME_VARIABLE}."
    )


def container_runtime(tritonserver: Path) -> Runtime:
    backends = tritonserver.parent.parent / "backends"
    return Runtime(
        tritonserver=tritonserver,
        triton_backends=backends,
        sightline_backends=backends,
        stub=backends / "python" / "triton_python_backend_stub",
        python=None,
    )


def environment_runtime(environment: Path, *, really_import: bool = False) -> Runtime:
    # absolute(), not resolve(): the interpreter of a virtual environment is a link, and knows its place by the link
    environment = environment.absolute()
    executable = environment / "bin" / "python"
    if not executable.exists():
        raise MachineError(
            f"{environment} is not a runtime environment: expected the interpreter bin/python in it. "
            "Run `sightline install-runtime`."
        )
    description = describe_python(executable, really_import=really_import)
    if description["tritonserver"] is None:
        raise MachineError(
            f"The runtime environment {environment} holds no nvidia-pytriton, so no tritonserver. "
            "Run `sightline install-runtime` again."
        )
    return runtime_from_description(executable, description)


def describe_python(executable: Path, *, really_import: bool) -> dict[str, Any]:
    script = Path(__file__).with_name("describe_runtime.py")
    command = [str(executable), "-B", str(script), *(["--import"] if really_import else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"The Python of the runtime environment could not be run: {error}.") from error
    if done.returncode != 0:
        raise MachineError(
            f"{executable} could not describe itself (exit status {done.returncode}): "
            f"{(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}. Run `sightline install-runtime` again."
        )
    return json.loads(done.stdout.splitlines()[-1])


def runtime_from_description(executable: Path, description: dict[str, Any]) -> Runtime:
    folder = Path(description["tritonserver"])
    major, minor, micro = description["version"]
    return Runtime(
        tritonserver=folder / "bin" / "tritonserver",
        triton_backends=folder / "backends",
        sightline_backends=Path(description["backends"]) if description["backends"] else None,
        stub=folder / "python_backend_stubs" / f"{major}.{minor}" / "triton_python_backend_stub",
        python=Python(
            executable=executable,
            version=(major, minor, micro),
            packages=description["packages"],
            problems=description["problems"],
            library_directory=Path(directory) if (directory := description["library_directory"]) else None,
            library_name=description["library_name"],
        ),
    )

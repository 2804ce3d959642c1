"""A virtual environment for each system, made once: its own packages, and the decoder and ONNX Runtime of all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.system import Environment

from sightline_server.runtime import Runtime

ENVIRONMENTS = Path("build/benchmarks/venvs")
DECODER = Path("python_backend")
MARKER = "installed.json"

_VERSIONS = (
    "import importlib.metadata, json, sys; print(json.dumps([importlib.metadata.version(n) for n in sys.argv[1:]]))"
)


class NotInstalled(RuntimeError):
    """The packages of a system could not be installed; the message says why."""


@dataclass(frozen=True)
class Installed:
    """An environment that is there. versions: of the distributions that its description names."""

    python: Path
    versions: dict[str, str]


def install(environment: Environment, runtime: Runtime, say: Callable[[str], None]) -> Installed:
    """Make the environment, or find it made.

    Args:
        environment: What it holds.
        runtime: Whose versions of Pillow and ONNX Runtime it gets.
        say: Told before anything slow.

    Raises:
        NotInstalled: pip failed.
    """
    folder = (ENVIRONMENTS / environment.name).absolute()
    python, marker = folder / "bin" / "python", folder / MARKER
    wanted = [*environment.requirements, *shared_requirements(runtime)]
    if _read(marker) != wanted:
        say(f"installing {', '.join(environment.requirements)} into {folder}")
        folder.mkdir(parents=True, exist_ok=True)
        marker.unlink(missing_ok=True)
        log = folder / "install.log"
        log.write_text("")
        _call([sys.executable, "-m", "venv", "--without-pip", str(folder)], log)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-input"]
        _call([*pip, *wanted], log)
        _call([*pip, "--no-deps", "--editable", str(DECODER.absolute())], log)
        beside = marker.with_suffix(".partial")
        beside.write_text(json.dumps(wanted) + "\n")
        beside.replace(marker)
    names = environment.distributions
    said = subprocess.run([str(python), "-c", _VERSIONS, *names], capture_output=True, text=True, check=False)
    if said.returncode != 0:
        raise NotInstalled(f"expected {', '.join(names)} in {folder}, got: {_last_line(said.stderr)}")
    return Installed(python, dict(zip(names, json.loads(said.stdout), strict=True)))


def shared_requirements(runtime: Runtime) -> list[str]:
    """The packages that decode and infer, in the versions that are served."""
    served = runtime_versions(runtime)
    return [f"{name}=={served[name]}" for name in ("onnxruntime", "pillow") if name in served] + ["numpy>=1.26"]


def runtime_versions(runtime: Runtime) -> dict[str, str]:
    """The versions of what the runtime environment holds; none of a container."""
    if runtime.python is None:
        return {}
    return {name: version for name, version in runtime.python.packages.items() if version}


def _read(marker: Path) -> object:
    try:
        return json.loads(marker.read_text())
    except (OSError, ValueError):
        return None


def _call(command: Sequence[str], log: Path) -> None:
    with log.open("ab") as output:
        environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, check=False
        )
    if done.returncode != 0:
        raise NotInstalled(f"{_last_line(log.read_text(errors='replace'))} (see {log})")


def _last_line(said: str) -> str:
    lines = said.strip().splitlines()
    return next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "nothing")

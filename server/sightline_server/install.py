"""Makes the runtime environment: tritonserver, and the Python packages that its Python processes need.

It is separate from the environment of the other commands, because the stub of tritonserver 2.51 needs numpy < 2.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from sightline_server import __version__
from sightline_server.errors import MachineError
from sightline_server.runtime import MARKER

TRITON = "nvidia-pytriton==0.7.0"  # carries tritonserver 2.51; its own dependencies are for its Python interface
NUMPY = "numpy>=1.26,<2"
OPENCV = "opencv-python-headless>=4.10,<4.12"  # for faces; later ones need numpy 2
# numpy 1.26 has no wheels beyond
PYTHON_MINORS = ((3, 10), (3, 11), (3, 12))


@dataclass(frozen=True)
class Recipe:
    """What a runtime environment consists of; the marker file holds it."""

    python: str
    triton: str
    numpy: str
    backend: str
    """Folder of a checkout, installed editable, or a requirement such as `sightline-backend==0.1.0`."""
    opencv: str = OPENCV


def default_backend() -> str:
    """python_backend/ of the checkout that this package lies in, else the distribution of the same version."""
    checkout = Path(__file__).parents[2] / "python_backend"
    return str(checkout) if (checkout / "pyproject.toml").is_file() else f"sightline-backend=={__version__}"


def install_runtime(runtime: Path, backend: str | None, say: Callable[[str], None]) -> bool:
    """Makes or completes the environment `runtime`; False when there was nothing to do.

    Raises:
        MachineError: The machine lacks something for it, or a package could not be installed.
    """
    backend = backend or default_backend()
    if Path(backend).is_dir():
        backend = str(Path(backend).resolve())
    recipe = Recipe(sys.version.split()[0], TRITON, NUMPY, backend)
    marker = runtime / MARKER
    if is_up_to_date(runtime, recipe):
        say(f"The runtime environment {runtime} is up to date.")
        return False
    check_interpreter()
    started = time.monotonic()
    marker.unlink(missing_ok=True)
    runtime.mkdir(parents=True, exist_ok=True)
    log = runtime / "install.log"
    log.write_text("")
    say(f"Making the runtime environment {runtime} with Python {recipe.python}.")
    python = str(runtime / "bin" / "python")
    if has_python_option(metadata.version("pip")):
        call([sys.executable, "-m", "venv", "--without-pip", str(runtime)], log, "the environment could not be made")
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-input"]
    else:
        call([sys.executable, "-m", "venv", str(runtime)], log, "the environment could not be made")
        pip = [python, "-m", "pip", "install", "--no-input"]
    say(f"Installing tritonserver ({TRITON}).")
    call([*pip, "--no-deps", TRITON], log, f"{TRITON} could not be installed")
    say(f"Installing {NUMPY}, {OPENCV} and sightline-backend.")
    source = ["--editable", backend] if Path(backend).is_dir() else [backend]
    call([*pip, NUMPY, OPENCV, *source], log, "the packages of the Python backends could not be installed")
    beside = marker.with_suffix(".new")
    beside.write_text(json.dumps(vars(recipe), indent=1) + "\n")
    beside.replace(marker)
    say(f"The runtime environment is ready after {time.monotonic() - started:.0f} s.")
    return True


def is_up_to_date(runtime: Path, recipe: Recipe) -> bool:
    try:
        return json.loads((runtime / MARKER).read_text()) == vars(recipe) and (runtime / "bin" / "python").exists()
    except (OSError, ValueError):
        return False


def has_python_option(pip_version: str) -> bool:
    """Whether this pip can install into another environment; Ubuntu 22.04 has 22.0.2, which cannot."""
    match = re.match(r"(\d+)\.(\d+)", pip_version)
    return match is not None and (int(match[1]), int(match[2])) >= (22, 3)


def check_interpreter() -> None:
    minor = (sys.version_info.major, sys.version_info.minor)
    name = f"python{minor[0]}.{minor[1]}"
    if minor not in PYTHON_MINORS:
        wanted = ", ".join(f"{major}.{number}" for major, number in PYTHON_MINORS)
        raise MachineError(
            f"The runtime environment needs Python {wanted}, because tritonserver 2.51 needs numpy 1.26; this is "
            f"{name}. Run the command with one of these."
        )
    missing = [module for module in ("venv", "pip") if importlib.util.find_spec(module) is None]
    if missing:
        raise MachineError(
            f"{sys.executable} has no {' and no '.join(missing)}. "
            f"Run `apt-get install {name}-venv python3-pip`, or `{sys.executable} -m ensurepip`."
        )


def call(command: list[str], log: Path, what_failed: str) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONWARNINGS": "ignore"}
    environment.pop("PYTHONPATH", None)
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        status = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, check=False
        ).returncode
    if status != 0:
        lines = log.read_text(errors="replace").strip().splitlines()
        # a resolver complains about everything that it sees; what stopped it are the lines that begin with ERROR
        errors = [line for line in lines if line.startswith("ERROR")] or lines[-4:]
        said = "\n".join(f"    {line}" for line in errors[-4:])
        raise MachineError(f"The runtime environment is not finished: {what_failed}. It said:\n{said}\nSee {log}.")

"""What the machine offers that a repository will be served on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from sightline_backend.backends import NAMES
from sightline_export.lint.onnx_limits import OnnxLimits, limits_of
from sightline_export.lint.readable import exists

RUNTIME_VARIABLE = "SIGHTLINE_RUNTIME"

# tritonserver 2.51 from nvidia-pytriton has only the Python backend; the others are our Python-based ones
BACKENDS = frozenset({"python", *NAMES})
CONTAINER_BACKENDS = Path("/opt/tritonserver/backends")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # where Triton puts its regions

# a standard module may be imported to look for a name in it, others are only looked for
_ASK = """
import sys
from importlib import import_module
from importlib.util import find_spec
module, _, name = sys.argv[1].partition(":")
top = module.partition(".")[0]
found = find_spec(top) is not None
if found and top in sys.stdlib_module_names:
    found = find_spec(module) is not None
    if found and name:
        found = hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None
print(found)
"""


def own_limits() -> OnnxLimits | None:
    """What the ONNX Runtime of this process opens."""
    return limits_of(Path(sys.executable))


@dataclass(frozen=True)
class Machine:
    """What the machine offers.

    backends: by the names that a configuration gives them.
    python_modules: whether the Python of the runtime environment finds a module, or a name in it, "json:dumps"; None
        where it can't be asked.
    shared_memory_bytes: what is free in /dev/shm; None where it is not known.
    onnx_limits: what the ONNX Runtime opens that will serve the models; None where it can't be asked. It is called only
        for files that are newer than what every release opens.
    """

    gpus: int = 0
    backends: frozenset[str] = BACKENDS
    python_modules: Callable[[str], bool] | None = None
    shared_memory_bytes: int | None = None
    onnx_limits: Callable[[], OnnxLimits | None] = own_limits

    def __post_init__(self) -> None:
        if self.gpus < 0 or not self.backends:
            raise ValueError(f"expected gpus >= 0 and at least one backend, got {self.gpus} and {set(self.backends)}")


def this_machine() -> Machine:
    """The machine that this process runs on, with the runtime environment of `sightline serve`."""
    python = _runtime_python()
    free = shutil.disk_usage(SHARED_MEMORY).free if SHARED_MEMORY.is_dir() else None
    return Machine(
        gpus=len(list(Path("/dev").glob("nvidia[0-9]*"))),
        backends=BACKENDS | {library.parent.name for library in CONTAINER_BACKENDS.glob("*/libtriton_*.so")},
        python_modules=_finder(python) if python else None,
        shared_memory_bytes=free,
        onnx_limits=partial(_served_limits, python),
    )


def _runtime_python() -> Path | None:
    named = os.environ.get(RUNTIME_VARIABLE)
    python = Path(named or Path(sys.prefix, "share", "sightline", "runtime"), "bin", "python")
    return python if exists(python) else None


def _served_limits(python: Path | None) -> OnnxLimits | None:
    if python is not None:
        return limits_of(python)
    # the C++ backend of a container has an ONNX Runtime of its own, which says nothing
    return None if exists(CONTAINER_BACKENDS / "onnxruntime") else own_limits()


def _finder(python: Path) -> Callable[[str], bool]:
    @cache
    def find(name: str) -> bool:
        asked = [str(python), "-I", "-c", _ASK, name]
        try:
            done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired, ValueError):
            return True  # who does not answer accuses nobody
        return done.returncode == 0 and done.stdout.strip() == "True"

    return find

"""The Python processes of a tritonserver, one per model instance, as /proc shows them."""

import re
from collections.abc import Iterable
from pathlib import Path

STUB_NAME = "triton_python_backend_stub"
# the short-lived process that completes a configuration while a model is loaded is not named like this
INSTANCE = re.compile(r".+_\d+_\d+")


def find_stubs(server_pid: int, proc: Path = Path("/proc")) -> dict[int, str]:
    """Process id -> model instance of the Python processes that belong to a tritonserver and are alive."""
    found: dict[int, str] = {}
    for entry in proc.glob("[0-9]*"):
        try:
            arguments = (entry / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:
            continue
        if Path(arguments[0]).name != STUB_NAME or str(server_pid) not in arguments:
            continue
        instance = next((text for text in arguments[-2:] if INSTANCE.fullmatch(text)), None)
        if instance is not None and is_alive(int(entry.name), proc):
            found[int(entry.name)] = instance
    return found


def is_alive(pid: int, proc: Path = Path("/proc")) -> bool:
    """Whether a process exists and has not ended (a zombie has)."""
    try:
        # the name of the program, in brackets before the state, may hold anything
        state = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in ("Z", "X")


def model_of(instance: str, models: Iterable[str]) -> str | None:
    """The model that an instance belongs to: Triton names it `<model>_<group>_<number>`."""
    return max((name for name in models if instance.startswith(f"{name}_")), key=len, default=None)

"""Checks of a machine before a tritonserver is started on it: pure functions of gathered facts.

Most of what they look for does not make tritonserver fail: it makes it hang for ever, or answer with empty tensors.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline_server.backend_directory import is_shell_safe
from sightline_server.runtime import Python, Runtime
from sightline_server.selection import Selection
from sightline_server.shared_memory import SHARED_MEMORY

MIN_GLIBC = (2, 35)  # nvidia-pytriton's wheel is a manylinux_2_35 wheel
MIN_OPEN_FILES = 256
SHARED_MEMORY_BASE = 16 << 20  # six Python processes were seen to use 7 MiB in all; Docker gives 64 MB
SHARED_MEMORY_PER_INSTANCE = 2 << 20
LOADER_ERROR = re.compile(r"error while loading shared libraries: (?P<library>[^\s:]+): (?P<reason>.*)")
OPENCV = "opencv-python-headless"
FACE_BACKENDS = ("face_align", "face_cascade")
INSTALL = "run `sightline install-runtime` again"


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    check: str
    ok: bool
    found: str
    advice: str = ""
    """What to do; empty when the check is passed."""

    def __str__(self) -> str:
        return f"{self.check}: {self.found}" + (f"; {self.advice}" if self.advice else "")


@dataclass(frozen=True)
class StubStart:
    """What the stub did when it was started without arguments."""

    exit_status: int | None  # None: it did not end
    output: str


@dataclass(frozen=True)
class SharedMemory:
    """The state of /dev/shm."""

    exists: bool
    writable: bool
    free_bytes: int


def missing_library(stub: StubStart) -> tuple[str, str] | None:
    """File name of the shared library that the loader did not find or could not use, and its reason."""
    match = LOADER_ERROR.search(stub.output)
    return (Path(match["library"]).name, match["reason"].strip()) if match else None


def check_glibc(version: str) -> Finding:
    """`version` as the system gives it, such as `glibc 2.36`; empty when it is another C library."""
    wanted = ".".join(map(str, MIN_GLIBC))
    match = re.fullmatch(r"glibc (\d+)\.(\d+).*", version)
    if match is None:
        return Finding("C library", False, f"expected glibc >= {wanted}, found {version or 'another one'}", "use glibc")
    if (int(match[1]), int(match[2])) < MIN_GLIBC:
        advice = "use a newer system (Debian 12, Ubuntu 22.04) or the container"
        return Finding("C library", False, f"expected glibc >= {wanted}, found {version}", advice)
    return Finding("C library", True, version)


def check_stub(stub: StubStart, python: Python | None) -> Finding:
    name = "Python process"
    missing = missing_library(stub)
    if missing is not None:
        library, reason = missing
        version = re.match(r"libpython(\d+\.\d+)\.so", library)
        advice = (
            f"run `apt-get install libpython{version[1]}`, or make the runtime with a Python that was built with "
            "--enable-shared"
            if version
            else INSTALL
        )
        return Finding(name, False, f"Triton's Python process cannot start without {library} ({reason})", advice)
    # without arguments it says "Expected 9 arguments, found 1 arguments." and ends
    if stub.exit_status is None or "rguments" not in stub.output:
        said = (stub.output.strip().splitlines() or ["nothing"])[-1]
        status = "it did not end" if stub.exit_status is None else f"exit status {stub.exit_status}"
        return Finding(name, False, f"Triton's Python process does not start ({status}): it said {said}", INSTALL)
    return Finding(name, True, f"starts, Python {python.minor}" if python else "starts")


def check_packages(python: Python) -> list[Finding]:
    """numpy < 2, onnxruntime, pillow and sightline-backend in the runtime environment."""
    findings: list[Finding] = []
    for package in ("numpy", "onnxruntime", "pillow", "sightline-backend"):
        version, problem = python.packages.get(package), python.problems.get(package)
        if problem is not None:
            findings.append(Finding(package, False, f"cannot be imported by {python.executable}: {problem}", INSTALL))
        elif package == "numpy" and int((version or "0").partition(".")[0]) >= 2:
            found = (
                f"expected numpy < 2, found {version}: with numpy 2 the 2.51 stub silently answers with empty tensors"
            )
            findings.append(Finding(package, False, found, f"run `pip --python {python.executable} install 'numpy<2'`"))
        else:
            findings.append(Finding(package, True, version or "installed"))
    return findings


def check_shared_memory(memory: SharedMemory, instances: int) -> Finding:
    name, needed = str(SHARED_MEMORY), SHARED_MEMORY_BASE + instances * SHARED_MEMORY_PER_INSTANCE
    if not memory.exists:
        return Finding(name, False, "expected a folder in memory, there is none", "mount a tmpfs on /dev/shm")
    if not memory.writable:
        return Finding(
            name, False, "expected a folder that this user may write to", "run `chmod 1777 /dev/shm` as root"
        )
    found = f"{memory.free_bytes >> 20} MiB free"
    if memory.free_bytes < needed:
        advice = "free some, remount it larger, or give the container --shm-size=1g"
        return Finding(name, False, f"expected {needed >> 20} MiB for {instances} Python processes, {found}", advice)
    return Finding(name, True, found)


def check_open_files(hard_limit: int | None) -> Finding:
    if hard_limit is not None and hard_limit < MIN_OPEN_FILES:
        found = f"expected a hard limit of at least {MIN_OPEN_FILES}, found {hard_limit}"
        return Finding("open files", False, found, f"raise it: `ulimit -n {MIN_OPEN_FILES * 4}`")
    return Finding("open files", True, "no limit" if hard_limit is None else f"up to {hard_limit}")


def check_ports(problems: Mapping[str, tuple[int, str | None]]) -> list[Finding]:
    """`problems`: flag -> (port, why nobody can listen there or None)."""
    return [
        Finding(flag, True, f"port {port} is free" if port else "any free port")
        if problem is None
        else Finding(flag, False, f"port {port} cannot be used: {problem}", f"choose another with {flag}, 0 takes any")
        for flag, (port, problem) in problems.items()
    ]


def check_backends(selection: Selection, runtime: Runtime, available: Iterable[str]) -> Finding:
    """Every backend that a chosen model names must be there."""
    known = {"", "python", *available}
    missing = {model.name: model.backend for model in selection.models if model.backend not in known}
    if missing:
        text = ", ".join(f"{name} needs the backend {backend!r}" for name, backend in missing.items())
        if runtime.is_container:
            advice = f"copy the folders of python_backend/ into {runtime.triton_backends}"
        else:
            advice = INSTALL
        return Finding("backends", False, f"{text}, found {', '.join(sorted(known - {''}))}", advice)
    return Finding("backends", True, ", ".join(sorted(known - {""})))


def check_opencv(selection: Selection, runtime: Runtime) -> list[Finding]:
    """Models of faces need OpenCV; no other does. Of a container nothing is known here."""
    faces = [model.name for model in selection.models if model.backend in FACE_BACKENDS]
    if not faces or runtime.python is None:
        return []
    problem = runtime.python.problems.get(OPENCV)
    if problem is not None:
        return [Finding(OPENCV, False, f"expected it for {', '.join(faces)}: {problem}", INSTALL)]
    return [Finding(OPENCV, True, runtime.python.packages.get(OPENCV) or "installed")]


def check_model_names(selection: Selection) -> Finding:
    """2.51 passes the folder of a model through a shell."""
    unsafe = [model.name for model in selection.models if not is_shell_safe(model.name)]
    if unsafe:
        found = f"{', '.join(map(repr, unsafe))} hold a space or a character that a shell reads"
        return Finding("model names", False, found, "rename the folders: letters, digits, _ . -")
    return Finding("model names", True, f"{len(selection.models)} models")

"""NVIDIA's load generator perf_analyzer: found, or prepared from the wheel of an older client."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline_server.errors import MachineError
from sightline_server.runtime import Runtime, find_runtime

NAME = "perf_analyzer"
WHEEL = "tritonclient==2.51.0"  # later ones carry no perf_analyzer
# what it wants to load, and the names under which the wheel of tritonserver carries that
LIBRARIES = {"libb64.so.0d": "libb64-*.so.0d", "libcudart.so.12": "libcudart-*.so.12*"}
DOWNLOAD_TIMEOUT_S = 600
START_TIMEOUT_S = 30


@dataclass(frozen=True)
class PerfAnalyzer:
    """A perf_analyzer that starts."""

    executable: Path
    library_directory: Path | None
    """Folder with libraries that this machine lacks; None where nothing is missing."""
    version: str

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment to run it in."""
        return with_libraries(inherited, self.library_directory)


def default_directory() -> Path:
    """Where `find_perf_analyzer` prepares one: beside the packages of this interpreter."""
    return Path(sys.prefix, "share", "sightline", NAME)


def find_perf_analyzer(say: Callable[[str], None], directory: Path | None = None) -> PerfAnalyzer:
    """Finds perf_analyzer on PATH, as NVIDIA's SDK container has it, or prepares the one of an older client's wheel.

    Args:
        say: Is told what is found or done.
        directory: Where it is prepared, or was; None is `default_directory()`.

    Raises:
        MachineError: There is none on PATH, and it cannot be prepared or does not start.
    """
    if on_path := shutil.which(NAME):
        found = started(Path(on_path), None)
        say(f"Using perf_analyzer {found.version} of PATH, {on_path}.")
        return found
    directory = (directory or default_directory()).absolute()
    try:
        found = prepared(directory)
    except MachineError:
        found = prepare(directory, say)
    say(f"Using perf_analyzer {found.version} in {directory}.")
    return found


def prepared(directory: Path) -> PerfAnalyzer:
    return started(directory / NAME, directory / "lib")


def prepare(directory: Path, say: Callable[[str], None]) -> PerfAnalyzer:
    """Builds `directory` beside itself and renames it, so that it is never there in part."""
    library_sources = libraries_of(find_runtime())
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{NAME}-") as scratch:
        say(f"Downloading the wheel of {WHEEL} for the perf_analyzer in it.")
        wheel = download(Path(scratch, "wheel"))
        made = Path(scratch, NAME)
        (made / "lib").mkdir(parents=True)
        unpack(wheel, made / NAME)
        for name, source in library_sources.items():
            say(f"Linking {name} to {source}.")
            (made / "lib" / name).symlink_to(source)
        prepared(made)
        if directory.exists():
            directory.rename(Path(scratch, "replaced"))
        made.rename(directory)
    return prepared(directory)


def libraries_of(runtime: Runtime) -> dict[str, Path]:
    """The files that stand for each of `LIBRARIES`."""
    folder = runtime.tritonserver.parents[3] / "nvidia_pytriton.libs"
    found = {name: sorted(folder.glob(pattern)) for name, pattern in LIBRARIES.items()}
    missing = [name for name, files in found.items() if not files]
    if missing:
        raise MachineError(
            f"perf_analyzer cannot be prepared: expected {' and '.join(missing)} in {folder}, got none. "
            "Run `sightline install-runtime`, or put a perf_analyzer that starts on PATH."
        )
    return {name: files[-1] for name, files in found.items()}


def download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), WHEEL]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False)
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        raise MachineError(
            f"perf_analyzer cannot be prepared: pip could not download {WHEEL}; it said: {said}. "
            "Check the package index of pip, or put a perf_analyzer on PATH."
        )
    return wheels[0]


def unpack(wheel: Path, executable: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if name.endswith(f"/bin/{NAME}")]
        if not members:
            raise MachineError(
                f"perf_analyzer cannot be prepared: {wheel.name} holds none; NVIDIA built it for Linux on x86-64 only. "
                "Put a perf_analyzer on PATH."
            )
        with archive.open(members[0]) as source, executable.open("wb") as target:
            shutil.copyfileobj(source, target)
    executable.chmod(0o755)


def started(executable: Path, library_directory: Path | None) -> PerfAnalyzer:
    """Starts it for the sake of its version."""
    environment = with_libraries(os.environ, library_directory)
    try:
        done = subprocess.run(
            [str(executable), "--version"],
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"{executable} does not start: {error}. Remove it to have it prepared again.") from error
    words = f"{done.stdout}{done.stderr}".partition("Version")[2].split()
    if done.returncode != 0 or not words:
        said = (f"{done.stdout}{done.stderr}".strip().splitlines() or ["nothing"])[-1]
        raise MachineError(f"{executable} does not start; it said: {said}. Remove it to have it prepared again.")
    return PerfAnalyzer(executable, library_directory, words[0])


def with_libraries(inherited: Mapping[str, str], directory: Path | None) -> dict[str, str]:
    before = [str(directory)] if directory else []
    after = [value] if (value := inherited.get("LD_LIBRARY_PATH")) else []
    return {**inherited, **({"LD_LIBRARY_PATH": os.pathsep.join(before + after)} if before else {})}

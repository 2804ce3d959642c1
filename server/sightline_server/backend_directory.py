"""The folder that tritonserver is given as --backend-directory."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sightline_server.errors import MachineError
from sightline_server.repository_links import link_repository
from sightline_server.runtime import Runtime

# tritonserver 2.51 starts every stub through an unquoted `bash -c`
SHELL_SAFE_PATH = re.compile(r"[A-Za-z0-9_./+:@%=,-]+")


def is_shell_safe(path: Path | str) -> bool:
    """Whether tritonserver 2.51 can pass the path to a stub: no space and no character that a shell reads."""
    return SHELL_SAFE_PATH.fullmatch(str(path)) is not None


def make_run_directory() -> Path:
    """A new private folder whose path a shell reads as one word.

    Raises:
        MachineError: None of the folders for temporary files has such a path.
    """
    parents = dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp"])  # noqa: S108  # mkdtemp makes a private folder
    for parent in filter(is_shell_safe, parents):
        if os.access(parent, os.W_OK | os.X_OK):
            return Path(tempfile.mkdtemp(prefix="sightline-", dir=parent))
    raise MachineError(
        f"A private folder could not be made in any of {', '.join(parents)}: expected a writable folder whose path "
        "holds no space or shell character. Set TMPDIR to one."
    )


def assemble_backend_directory(runtime: Runtime, directory: Path) -> Path:
    """Fills `directory` with what `runtime` needs and returns the folder to give to tritonserver.

    In a container the backends have been copied beside Triton's own, and that folder is returned instead.
    """
    if runtime.is_container:
        return runtime.triton_backends
    python = directory / "python"
    python.mkdir(parents=True)
    source = runtime.triton_backends / "python"
    # tritonserver refuses a linked library here ("escapes backend directory"); the stub on the other hand finds its
    # own libraries relative to the place it really lies in, so it must be a link.
    shutil.copy2(source / "libtriton_python.so", python)
    (python / "triton_python_backend_stub").symlink_to(runtime.stub)
    (python / "triton_python_backend_utils.py").symlink_to(source / "triton_python_backend_utils.py")
    for name, backend in sightline_backends(runtime.sightline_backends).items():
        (directory / name).symlink_to(backend)
    return directory


def sightline_backends(directory: Path | None) -> dict[str, Path]:
    """The Python-based backends in a folder, by name."""
    if directory is None or not directory.is_dir():
        return {}
    return {path.parent.name: path.parent for path in sorted(directory.glob("*/model.py"))}


def linked_repository(repository: Path, run_directory: Path, configs: Mapping[str, Path] | None = None) -> Path:
    """A path of the repository that tritonserver can pass to a stub: its own, or one in the run directory.

    configs: model -> the configuration to serve it with, where Triton would not choose it by itself.
    """
    repository = repository.resolve()
    link = run_directory / "repository"
    if configs:
        return link_repository(repository, link, configs)
    if is_shell_safe(repository):
        return repository
    link.symlink_to(repository)
    return link

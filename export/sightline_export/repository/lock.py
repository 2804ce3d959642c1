"""One export at a time changes a repository; building and verifying go on side by side."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(repository: Path) -> Generator[None]:
    """Hold the repository's lock, which ends with this process, however it ends. Makes the folder if it is missing."""
    repository.mkdir(parents=True, exist_ok=True)
    folder = os.open(repository, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)

"""What the tests of exports side by side let other processes do; those import it by its name."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from sightline_export.errors import FloorMissed
from sightline_export.release import Doing, Done
from sightline_export.training.progress import Epoch


def work(folder: Path, name: str) -> Iterator[Epoch | Doing | Done]:
    """Leaves a file, and says which files were there before and in which process it ran."""
    yield Done(f"saw {','.join(sorted(file.name for file in folder.iterdir()))}")
    yield Epoch(1, 1, {"process": float(os.getpid())})
    if name == "bad":
        raise FloorMissed("bad: expected accuracy >= 0.97, got 0.1")
    if name == "killed":
        os._exit(9)
    if name == "buggy":
        raise ZeroDivisionError("division")
    if name.startswith("endless"):
        time.sleep(600)  # until somebody ends the process
    (folder / name).touch()

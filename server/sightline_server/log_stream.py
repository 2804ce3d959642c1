"""Shows a log on stderr while it grows (`--verbose`)."""

import contextlib
import sys
import threading
from collections.abc import Generator
from pathlib import Path

INTERVAL_S = 0.2


@contextlib.contextmanager
def streamed(path: Path) -> Generator[None]:
    """Copies what is added to the file from now on to stderr, until the end of the block."""
    path.touch()
    finished = threading.Event()
    thread = threading.Thread(target=follow, args=(path, path.stat().st_size, finished), daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def follow(path: Path, position: int, finished: threading.Event) -> None:
    with path.open("rb") as log:
        log.seek(position)
        while True:
            last_round = finished.wait(INTERVAL_S)
            sys.stderr.write(log.read().decode("utf-8", errors="replace"))
            sys.stderr.flush()
            if last_round:
                return

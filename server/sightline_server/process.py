"""One tritonserver process: started, watched and ended."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sightline_server.triton_log import live_models_at_exit


class TritonProcess:
    """A running tritonserver, the leader of its own process group, with its output in a file."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log_path: Path) -> None:
        """Starts `command`; what it writes is added to the end of `log_path`."""
        self.log_path = log_path
        self.log_start = log_path.stat().st_size if log_path.exists() else 0
        self.started_at = time.monotonic()
        # models whose Python process died are never unloaded, even though others have taken their place
        self.dead_models = 0
        launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")), str(os.getpid())]
        with log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*launcher, *command],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self.process.poll()

    @property
    def log_size(self) -> int:
        return self.log_path.stat().st_size

    def log_text(self) -> str:
        """What this process wrote so far."""
        with self.log_path.open("rb") as log:
            log.seek(self.log_start)
            return log.read().decode("utf-8", errors="replace")

    def describe_exit(self) -> str:
        status = self.exit_status
        if status is None:
            return "still running"
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"

    def stop(self, timeout_s: float, hurry: Callable[[], bool] = lambda: False) -> bool:
        """Ends the process: SIGTERM, then SIGKILL for the whole group.

        Returns True when it ended by itself. It is not waited for longer than `timeout_s`, nor when `hurry()` turns
        true, nor when only idle connections or dead models hold it up.
        """
        if self.exit_status is not None:
            self.kill_group()
            return True
        self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        idle_since: float | None = None
        while self.exit_status is None and time.monotonic() < deadline and not hurry():
            # tritonserver waits out its whole exit timeout for connections that clients keep open for later
            live = live_models_at_exit(self.log_text()[-4096:])
            if idle_since is None and live is not None and live <= self.dead_models:
                idle_since = time.monotonic()
            if idle_since is not None and time.monotonic() - idle_since > 1.5:
                break
            time.sleep(0.05)
        by_itself = self.exit_status is not None
        self.kill_group()
        return by_itself

    def kill_group(self) -> None:
        """Ends what is left of the process group, the Python processes included."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

"""Waiting for a tritonserver that was just started."""

import time
from collections.abc import Callable

from sightline_server.control import Control
from sightline_server.errors import ModelLoadError, TritonError
from sightline_server.process import TritonProcess
from sightline_server.stop_signals import Stopped
from sightline_server.triton_log import decisive_lines, load_failures, loaded_models, models_still_loading

POLL_S = 0.05
# the three listeners start one after the other, gRPC first
LISTENING = ("Started GRPCInferenceService", "Started HTTPService", "Started Metrics Service")


def wait_until_ready(
    process: TritonProcess,
    control: Control,
    *,
    stall_timeout_s: float,
    progress: Callable[[float, tuple[str, ...]], None],
    stopped: Callable[[], bool],
) -> float:
    """Waits until all models are loaded; returns the seconds since the start.

    tritonserver answers nobody while it loads models, so its log is the measure of its progress.

    Raises:
        ModelLoadError: A model could not be loaded.
        TritonError: It ended, or neither became ready nor wrote anything for `stall_timeout_s`.
        Stopped: `stopped()` turned true.
    """
    seen_size, seen_at = -1, time.monotonic()
    log = ""
    while not stopped():
        ended = process.exit_status is not None
        now = time.monotonic()
        if process.log_size != seen_size or ended:
            seen_size, seen_at = process.log_size, now
            log = process.log_text()
        if ended:
            raise start_error(process, log)
        elapsed_s = now - process.started_at
        progress(elapsed_s, loaded_models(log))
        if all(text in log for text in LISTENING) and control.is_ready():
            return time.monotonic() - process.started_at
        if now - seen_at > stall_timeout_s:
            raise TritonError(stall_message(log, elapsed_s, stall_timeout_s))
        time.sleep(POLL_S)
    raise Stopped


def start_error(process: TritonProcess, log: str) -> TritonError:
    failures = load_failures(log)
    if failures:
        lines = [f"the model {name!r} could not be loaded: {reason}" for name, reason in failures.items()]
        return ModelLoadError("tritonserver did not start, because " + "; ".join(lines))
    if "Address already in use" in log:
        return TritonError("tritonserver did not start: one of its ports was taken in the meantime. Try again.")
    lines = "\n".join(f"    {line}" for line in decisive_lines(log))
    return TritonError(f"tritonserver ended with {process.describe_exit()} before it was ready. It said:\n{lines}")


def stall_message(log: str, elapsed_s: float, stall_timeout_s: float) -> str:
    loading = ", ".join(models_still_loading(log)) or "none"
    lines = "\n".join(f"    {line}" for line in log.splitlines()[-8:])
    return (
        f"tritonserver is not ready after {elapsed_s:.0f} s and has written nothing for {stall_timeout_s:.0f} s "
        f"(--startup-timeout). Models that are still being loaded: {loading}. The last lines of its log:\n{lines}"
    )

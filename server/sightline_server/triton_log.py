"""Reading what tritonserver writes into its log."""

import re
from collections.abc import Iterable

LOADING = re.compile(r"\"loading: (?P<model>[^\":]+):(?P<version>\d+)\"")
LOADED = re.compile(r"\"successfully loaded '(?P<model>[^']+)'")
FAILED = re.compile(r"failed to load '(?P<model>[^']+)' version (?P<version>\d+): (?P<reason>.*)")
PREFIX = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ \d+ \S+\] *")
LIVE_MODELS = re.compile(r"Found (?P<models>\d+) live models and 0 in-flight non-inference requests")
# said on every machine without a GPU, and of no importance there
HARMLESS = (
    "CudaDriverHelper has not been initialized",
    "unable to create stream",
    "Unable to allocate pinned system memory",
    "Failed to initialize NVML",
    "DCGM unable to start",
)


def loaded_models(log: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match["model"] for match in LOADED.finditer(log)))


def models_still_loading(log: str) -> tuple[str, ...]:
    done = {*loaded_models(log), *load_failures(log)}
    return tuple(dict.fromkeys(match["model"] for match in LOADING.finditer(log) if match["model"] not in done))


def live_models_at_exit(log: str) -> int | None:
    """How many models an ending tritonserver still unloads; None while requests are running."""
    counts = LIVE_MODELS.findall(log)
    return int(counts[-1]) if counts else None


def load_failures(log: str) -> dict[str, str]:
    """Model name -> the reason why it could not be loaded, in Triton's words on one line."""
    failures: dict[str, str] = {}
    lines = log.splitlines()
    for number, line in enumerate(lines):
        match = FAILED.search(line)
        if match:
            # most releases write a line break inside of a message as a backslash and an n, but not all
            reason = match["reason"].split("\\n") + until_next_record(lines[number + 1 :])
            failures.setdefault(match["model"], one_line(reason))
    return failures


def until_next_record(lines: Iterable[str]) -> list[str]:
    collected: list[str] = []
    for line in lines:
        if PREFIX.match(line) or line.startswith("+--"):
            break
        collected.append(line)
    return collected


def one_line(reason: Iterable[str]) -> str:
    """The message of a failure without the traceback that the Python backend adds to it."""
    kept: list[str] = []
    for line in reason:
        text = line.strip().strip('"').strip()
        if text in ("", "At:") or text.startswith(("Traceback", 'File "')):
            if kept:
                break
            continue
        kept.append(text)
    return " ".join(kept)


def decisive_lines(log: str, limit: int = 12) -> list[str]:
    """The lines that most likely say why tritonserver ended: errors first, else the last lines."""
    lines = [line for line in log.splitlines() if line.strip() and not any(text in line for text in HARMLESS)]
    errors = [line for line in lines if line.startswith(("E", "F", "error", "Signal", "terminate", "failed"))]
    errors += [line for line in lines if "error while loading" in line]
    chosen = list(dict.fromkeys(errors)) or lines
    return [PREFIX.sub("", line).strip() for line in chosen[-limit:]]

"""One export as a person starts it, timed step by step by the lines that it prints."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STEPS = ("read", "wrote", "verified", "served", "published")
CARD_PARITY = re.compile(
    r"^\| (ONNX Runtime|Triton) ?[\d.]* \| (before postprocessing|`\w+`) \| \d+ \| ([^ ]+) \| ([^ ]+) \|$", re.MULTILINE
)
CARD_LATENCY = re.compile(r"^\| (the graph alone|served from files)[^|]*\| ([\d.e+]+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What one export took and gave.

    step_s: seconds until each of `STEPS` was done, from the one before.
    parity: of each runtime and output, the difference that is nearest to its tolerance, and that tolerance.
    """

    source: str
    pixels: str
    parameters: int
    graph_mb: float
    step_s: dict[str, float]
    total_s: float
    parity: dict[str, tuple[float, float]]
    latency_ms: dict[str, float]


def export_one(source: str, scratch: Path, max_batch_size: int) -> Result:
    """Export `source` with random weights into `scratch`; its progress goes to stderr.

    Raises:
        RuntimeError: the export failed.
    """
    repository = scratch / "model_repository"
    command = [str(Path(sys.executable).with_name("sightline")), "export", source, "--name", "benchmark"]
    command += ["--repository", str(repository), "--max-batch-size", str(max_batch_size)]
    started = before = time.perf_counter()
    step_s: dict[str, float] = {}
    said = ""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None  # noqa: S101  # asked for above
        for line in process.stderr:
            print(f"{source} {line}", end="", file=sys.stderr)
            said += line
            now = time.perf_counter()
            word = line.partition(": ")[2].split(" ")[0].rstrip(":")
            if word in STEPS:
                step_s[word] = now - before
                before = now
    if process.returncode != 0 or set(step_s) != set(STEPS):
        raise RuntimeError(f"expected {source} to be exported, got exit code {process.returncode}")
    card = (repository / "benchmark" / "README.md").read_text()
    return Result(
        source=source,
        pixels=_one(r"^\| Pixels \| `(.+)` \|$", card),
        parameters=int(_one(r"^\| Parameters \| ([\d,]+) \|$", card).replace(",", "")),
        graph_mb=float(_one(r"^\| Size of the graph \| ([\d.]+) MB \|$", card)),
        step_s=step_s,
        total_s=time.perf_counter() - started,
        parity=_parity(card),
        latency_ms={what: float(ms) for what, ms in CARD_LATENCY.findall(card)},
    )


def _one(pattern: str, card: str) -> str:
    match = re.search(pattern, card, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"expected a line like {pattern} in the card, got none")
    return match[1]


def _parity(card: str) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for runtime, output, difference, tolerance in CARD_PARITY.findall(card):
        row = float(difference), float(tolerance)
        known = found.setdefault(f"{runtime}, {output}", row)
        if row[0] / row[1] > known[0] / known[1]:
            found[f"{runtime}, {output}"] = row
    return found

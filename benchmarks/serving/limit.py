"""Measures the limit of this machine: the bare loop of `bare_loop.py`, started with the Python that serves.

It runs as any program does. Measured beside it: what the memory settings of `sightline serve` are worth, and what it is
worth to decode a JPEG at a part of its size.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from benchmarks.serving.answer import Ranked, ranked
from benchmarks.serving.scenario import Asks, Served

from sightline_server.command_line import MALLOC_SETTINGS, PRIVACY, SINGLE_THREADED
from sightline_server.runtime import find_runtime

PROGRAM = Path(__file__).with_name("bare_loop.py")
TIMEOUT_S = 300


@dataclass(frozen=True)
class Arrangement:
    """How the bare loop runs.

    tuned_memory: with the memory settings that `sightline serve` gives tritonserver.
    whole_jpeg: JPEGs are decoded at their full size, as most programs do.
    """

    processes: int
    batch: int
    tuned_memory: bool = False
    whole_jpeg: bool = False

    @property
    def name(self) -> str:
        return f"{self.processes} x {self.batch}"


ONE = Arrangement(processes=1, batch=1)
MANY = Arrangement(processes=2, batch=8)


@dataclass(frozen=True)
class Limit:
    """per_s: answers per second of all processes. answers: those to each question at batch 1."""

    per_s: float
    answers: tuple[Ranked, ...]


def arrangement(concurrency: int) -> Arrangement:
    """What the systems are compared with at this concurrency: one at a time, or both cores with batches."""
    return ONE if concurrency == 1 else MANY


def otherwise(how: Arrangement, asks: Asks) -> dict[str, Arrangement]:
    """The same loop with one thing done differently, by what the report calls it."""
    found = {"memory as served": replace(how, tuned_memory=True)}
    return found if asks == "tensor" else found | {"JPEGs decoded whole": replace(how, whole_jpeg=True)}


def measure_limit(model: Served, asks: Asks, questions: Sequence[Path], how: Arrangement, seconds: float) -> Limit:
    """Run the bare loop for `seconds`.

    Args:
        model: Network, pixels and labels.
        asks: Whether the files in `questions` are pictures or tensors.
        questions: Answered in turn.
        how: Processes and batch.
        seconds: The measured time; before it each process answers everything twice.

    Raises:
        RuntimeError: The loop failed, or its answers depend on the batch.
    """
    job = {
        "network": str(model.network.resolve()),
        "pixels": model.pixels.parameters(),
        "asks": asks,
        "whole_jpeg": how.whole_jpeg,
        "questions": [str(path.resolve()) for path in questions],
        "processes": how.processes,
        "batch": how.batch,
        "seconds": seconds,
    }
    with TemporaryDirectory(prefix="sightline-limit-") as scratch:
        file = Path(scratch, "job.json")
        file.write_text(json.dumps(job))
        done = subprocess.run(
            [str(_python()), str(PROGRAM), str(file)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env=variables(how),
        )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise RuntimeError(f"expected the bare loop to measure {model.network}, it said: {said}")
    found = json.loads(done.stdout)
    answers = tuple(ranked(np.array(scores, np.float32), model.labels) for scores in found["scores"])
    return Limit(float(found["per_s"]), answers)


def variables(how: Arrangement) -> dict[str, str]:
    """The environment of the bare loop: one thread in each process, and no memory setting unless it is asked for."""
    inherited = {name: value for name, value in os.environ.items() if name not in MALLOC_SETTINGS}
    return {**inherited, **SINGLE_THREADED, **PRIVACY, **(MALLOC_SETTINGS if how.tuned_memory else {})}


def _python() -> Path:
    runtime = find_runtime()
    if runtime.python is None:
        raise SystemExit("Error: expected a runtime environment, got a container; run: sightline install-runtime")
    return runtime.python.executable

"""The limit: decode, resize and network in a bare loop, without any server. `python bare_loop.py JOB.json`

It is run by the Python of the runtime environment, so that it decodes with the very packages that are served, and
imports nothing else of the benchmark. What it measured is printed as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sightline_backend.pictures import open_picture
from sightline_backend.pixels import PixelSpec, decode_batch, fit

TOLERANCE = 1e-4

Scores = NDArray[np.float32]


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    processes = int(job["processes"])
    spawning = multiprocessing.get_context("spawn")
    together = spawning.Barrier(processes)
    ends: list[Connection] = []
    workers: list[Any] = []
    for _ in range(processes):
        ours, theirs = spawning.Pipe(duplex=False)
        worker = spawning.Process(target=work, args=(job, together, theirs), daemon=True)
        worker.start()
        theirs.close()
        ends.append(ours)
        workers.append(worker)
    found = [end.recv() for end in ends]
    for worker in workers:
        worker.join()
    print(json.dumps({"per_s": sum(each["per_s"] for each in found), "scores": found[0]["scores"]}))


def work(job: dict[str, Any], together: Barrier, parent: Connection) -> None:
    """One process: answer every question once, wait for the others, then answer batches until the time is over."""
    questions = [Path(path).read_bytes() for path in job["questions"]]
    pixels = pixels_of(job)
    network = opened(job["network"])
    expected = [network(pixels([question]))[0] for question in questions]
    batches = [
        [(start + offset) % len(questions) for offset in range(job["batch"])]
        for start in range(0, len(questions), job["batch"])
    ]
    for batch in batches:
        network(pixels([questions[index] for index in batch]))
    answers: list[tuple[list[int], Scores]] = []
    together.wait()
    begun_s = time.perf_counter()
    while (now_s := time.perf_counter()) < begun_s + job["seconds"]:
        batch = batches[len(answers) % len(batches)]
        answers.append((batch, network(pixels([questions[index] for index in batch]))))
    for batch, scores in answers:
        for index, row in zip(batch, scores, strict=True):
            if not np.allclose(row, expected[index], rtol=0, atol=TOLERANCE):
                raise RuntimeError(
                    f"expected the scores of question {index} at batch 1, got others at batch {len(batch)}"
                )
    pictures = sum(len(batch) for batch, _ in answers)
    parent.send({"per_s": pictures / (now_s - begun_s), "scores": [row.tolist() for row in expected]})


def pixels_of(job: dict[str, Any]) -> Callable[[Sequence[bytes]], NDArray[np.uint8]]:
    """From questions to what the network takes: pictures are decoded, tensors are taken as they are."""
    spec = PixelSpec.from_parameters(job["pixels"])
    if job["asks"] == "tensor":
        return lambda questions: np.stack([np.frombuffer(each, np.uint8).reshape(spec.shape) for each in questions])
    if job["whole_jpeg"]:
        return lambda questions: np.stack([fit(open_picture(each), spec) for each in questions])
    return lambda questions: decode_batch(questions, spec)


def opened(path: str) -> Callable[[NDArray[np.uint8]], Scores]:
    ort = cast(Any, onnxruntime)  # typed in part only
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    for pool in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{pool}.allow_spinning", "0")
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    return lambda pixels: session.run(["SCORES"], {taken.name: pixels})[0]


if __name__ == "__main__":
    main()

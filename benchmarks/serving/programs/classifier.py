"""What every system runs: the same decoder, the same network, the five best labels. It is imported by the others here.

The programs in this folder run in environments of their own, as the documentation of each system shows it. They are
told what to serve by variables that `benchmarks.serving.system` sets.
"""

# pyright: basic

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime

from sightline_backend.pixels import PixelSpec, decode

PORT = int(os.environ["BENCHMARK_PORT"])
BATCH = int(os.environ["BENCHMARK_BATCH"])
WAIT_S = int(os.environ["BENCHMARK_WAIT_MS"]) / 1000
TOP = 5

Ranking = list[dict[str, Any]]


class Classifier:
    """threads: of ONNX Runtime for one call; 0: one for each core."""

    def __init__(self, threads: int) -> None:
        self._spec = PixelSpec.from_parameters(json.loads(os.environ["BENCHMARK_PIXELS"]))
        self._labels: list[str] = json.loads(os.environ["BENCHMARK_LABELS"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            os.environ["BENCHMARK_NETWORK"], options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def decode(self, picture: bytes) -> np.ndarray:
        """The bytes of a file to pixels (h, w, 3) uint8."""
        return decode(picture, self._spec)

    def rank(self, pixels: np.ndarray) -> list[Ranking]:
        """Pixels (n, h, w, 3) to the five best labels of each."""
        scores = np.asarray(self._session.run(["SCORES"], {self._input: pixels})[0])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
        return [
            [{"label": self._labels[index], "score": float(row[index])} for index in order]
            for row, order in zip(scores, best, strict=True)
        ]

    def classify(self, pictures: Sequence[bytes]) -> list[Ranking]:
        """The bytes of files to the five best labels of each."""
        return self.rank(np.stack([self.decode(picture) for picture in pictures]))

"""A small model repository: quick models that answer, refuse, sleep or raise as they are told."""

from pathlib import Path

LABELS = ("zero", "one", "two")
TOLD_CODES = ("INVALID_ARG", "UNAVAILABLE", "INTERNAL", "UNKNOWN", "UNSUPPORTED")
"""A picture `b"INTERNAL"` is answered with an error of this code."""

_SCORES = '''
import time

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Scores from the number of bytes; a few words are orders."""

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        files = pb_utils.get_input_tensor_by_name(request, "IMAGE").as_numpy()[:, 0]
        word = files[0].decode("latin-1")
        if word.startswith("sleep "):
            time.sleep(float(word.split()[1]))
        if word == "raise":
            raise RuntimeError("told to raise")
        if word.isupper():
            text = "expected a picture, got an order; send a picture"
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(text, getattr(pb_utils.TritonError, word)))
        raw = np.array([[len(data) % 7 + 1, 2.0, 4.0] for data in files])
        scores = np.full_like(raw, np.nan) if word == "nan" else raw / raw.sum(axis=1, keepdims=True)
        return pb_utils.InferenceResponse([pb_utils.Tensor("SCORES", scores.astype(np.float32))])
'''

_SCORES_CONFIG = """
backend: "python"
max_batch_size: 8
input { name: "IMAGE" data_type: TYPE_STRING dims: 1 }
output { name: "SCORES" data_type: TYPE_FP32 dims: 3 }
instance_group { kind: KIND_CPU count: 1 }
dynamic_batching { default_queue_policy { max_queue_size: 16 } }
"""

_ENSEMBLE_CONFIG = """
platform: "ensemble"
max_batch_size: 8
input { name: "IMAGE" data_type: TYPE_STRING dims: 1 }
output { name: "SCORES" data_type: TYPE_FP32 dims: 3 }
ensemble_scheduling {
  step {
    model_name: "toy_network"
    model_version: -1
    input_map { key: "IMAGE" value: "IMAGE" }
    output_map { key: "SCORES" value: "SCORES" }
  }
}
"""

_TASK = """
parameters { key: "task" value { string_value: "image-classification" } }
parameters { key: "labels" value { string_value: "[%s]" } }
"""

_PICTURES = '''
import io

import numpy as np
import triton_python_backend_utils as pb_utils
from PIL import Image


class TritonPythonModel:
    """A 4x4 picture of one colour per seed; the seed 13 gives bytes that are no picture."""

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        seeds = pb_utils.get_input_tensor_by_name(request, "SEED").as_numpy()[:, 0]
        files = np.array([[self.png(int(seed))] for seed in seeds], dtype=np.object_)
        return pb_utils.InferenceResponse([pb_utils.Tensor("RESULT", files)])

    def png(self, seed):
        if seed == 13:
            return b"no picture"
        file = io.BytesIO()
        Image.new("RGB", (4, 4), (seed % 256, 1, 2)).save(file, "PNG")
        return file.getvalue()
'''

_PICTURES_CONFIG = """
backend: "python"
max_batch_size: 8
input { name: "SEED" data_type: TYPE_INT64 dims: 1 }
output { name: "RESULT" data_type: TYPE_STRING dims: 1 }
instance_group { kind: KIND_CPU count: 1 }
parameters { key: "task" value { string_value: "unconditional-image-generation" } }
"""


def write_toy_repository(repository: Path) -> Path:
    """Writes `toy` with its step `toy_network`, `toy_unlabelled` without labels, and `toy_pictures`, unless present.

    Rooms that name the same folder share one service.
    """
    if repository.exists():
        return repository
    labels = ", ".join(f'\\"{label}\\"' for label in LABELS)
    _write(repository, "toy_network", _SCORES_CONFIG, _SCORES)
    _write(repository, "toy", _ENSEMBLE_CONFIG + _TASK % labels, None)
    _write(repository, "toy_unlabelled", _ENSEMBLE_CONFIG, None)
    _write(repository, "toy_pictures", _PICTURES_CONFIG, _PICTURES)
    return repository


def _write(repository: Path, name: str, config: str, model: str | None) -> None:
    version = repository / name / "1"
    version.mkdir(parents=True)
    (repository / name / "config.pbtxt").write_text(config)
    if model is not None:
        (version / "model.py").write_text(model)

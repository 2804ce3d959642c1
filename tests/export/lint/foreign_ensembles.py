"""Ensembles written by hand; their steps are Python models, which load faster than ONNX Runtime."""

from pathlib import Path

from export.lint.foreign import put

FIRST = """backend: "python"
max_batch_size: 8
input { name: "text" data_type: TYPE_STRING dims: [1] }
output { name: "numbers" data_type: TYPE_FP32 dims: [4] }
instance_group { count: 1 kind: KIND_CPU }
"""
FIRST_MODEL = """import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(pb_utils.get_input_tensor_by_name(request, "text").as_numpy()) for request in requests]

    def answer(self, texts):
        numbers = np.array([[len(text)] * 4 for text in texts[:, 0]], np.float32)
        return pb_utils.InferenceResponse([pb_utils.Tensor("numbers", numbers)])
"""
SECOND = """backend: "python"
max_batch_size: 8
input { name: "values" data_type: TYPE_FP32 dims: [4] }
output { name: "total" data_type: TYPE_FP32 dims: [1] }
instance_group { count: 1 kind: KIND_CPU }
"""
SECOND_MODEL = """import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        responses = []
        for request in requests:
            values = pb_utils.get_input_tensor_by_name(request, "values").as_numpy()
            total = values.sum(axis=-1, keepdims=True)
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("total", total)]))
        return responses
"""
CHAIN = """name: "chain"
platform: "ensemble"
max_batch_size: 8
input [ { name: "TEXT" data_type: TYPE_STRING dims: [ 1 ] } ]
output [ { name: "TOTAL" data_type: TYPE_FP32 dims: [ 1 ] } ]
ensemble_scheduling {
  step [
    {
      model_name: "chain_first"
      model_version: -1
      input_map { key: "text" value: "TEXT" }
      output_map { key: "numbers" value: "between" }
    },
    {
      model_name: "chain_second"
      model_version: -1
      input_map { key: "values" value: "between" }
      output_map { key: "total" value: "TOTAL" }
    }
  ]
}
"""


def chain(repository: Path) -> None:
    put(repository, "chain_first", FIRST, FIRST_MODEL)
    put(repository, "chain_second", SECOND, SECOND_MODEL)
    put(repository, "chain", CHAIN)


SPLIT = """backend: "python"
max_batch_size: 4
input { name: "whole" data_type: TYPE_FP32 dims: [4] }
output { name: "low" data_type: TYPE_FP32 dims: [2] }
output { name: "high" data_type: TYPE_FP32 dims: [2] }
instance_group { count: 1 kind: KIND_CPU }
"""
SPLIT_MODEL = """import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(pb_utils.get_input_tensor_by_name(request, "whole").as_numpy()) for request in requests]

    def answer(self, whole):
        low, high = whole[:, :2].copy(), whole[:, 2:].copy()
        return pb_utils.InferenceResponse([pb_utils.Tensor("low", low), pb_utils.Tensor("high", high)])
"""
SIDE = """backend: "python"
max_batch_size: 4
input { name: "part" data_type: TYPE_FP32 dims: [2] }
output { name: "done" data_type: TYPE_FP32 dims: [2] }
instance_group { count: 1 kind: KIND_CPU }
"""
SIDE_MODEL = """import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        parts = [pb_utils.get_input_tensor_by_name(request, "part").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("done", part + 1)]) for part in parts]
"""
JOIN = """backend: "python"
max_batch_size: 4
input { name: "a" data_type: TYPE_FP32 dims: [2] }
input { name: "b" data_type: TYPE_FP32 dims: [2] }
output { name: "joined" data_type: TYPE_FP32 dims: [4] }
instance_group { count: 1 kind: KIND_CPU }
"""
JOIN_MODEL = """import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        parts = [pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in ("a", "b")]
        return pb_utils.InferenceResponse([pb_utils.Tensor("joined", np.concatenate(parts, axis=1))])
"""
FORK = """platform: "ensemble"
max_batch_size: 4
input { name: "WHOLE" data_type: TYPE_FP32 dims: [4] }
output { name: "JOINED" data_type: TYPE_FP32 dims: [4] }
ensemble_scheduling {
  step {
    model_name: "fork_split"
    model_version: -1
    input_map { key: "whole" value: "WHOLE" }
    output_map { key: "low" value: "low" }
    output_map { key: "high" value: "high" }
  }
  step {
    model_name: "fork_side"
    model_version: -1
    input_map { key: "part" value: "low" }
    output_map { key: "done" value: "low_done" }
  }
  step {
    model_name: "fork_side"
    model_version: -1
    input_map { key: "part" value: "high" }
    output_map { key: "done" value: "high_done" }
  }
  step {
    model_name: "fork_join"
    model_version: -1
    input_map { key: "a" value: "low_done" }
    input_map { key: "b" value: "high_done" }
    output_map { key: "joined" value: "JOINED" }
  }
}
"""


def fork(repository: Path) -> None:
    """Two branches run side by side through the same model."""
    put(repository, "fork_split", SPLIT, SPLIT_MODEL)
    put(repository, "fork_side", SIDE, SIDE_MODEL)
    put(repository, "fork_join", JOIN, JOIN_MODEL)
    put(repository, "fork", FORK)


INNER = """platform: "ensemble"
max_batch_size: 4
input { name: "PART" data_type: TYPE_FP32 dims: [2] }
output { name: "DONE" data_type: TYPE_FP32 dims: [2] }
ensemble_scheduling {
  step {
    model_name: "nested_step"
    model_version: -1
    input_map { key: "part" value: "PART" }
    output_map { key: "done" value: "DONE" }
  }
}
"""
OUTER = """platform: "ensemble"
max_batch_size: 4
input { name: "GIVEN" data_type: TYPE_FP32 dims: [2] }
output { name: "TAKEN" data_type: TYPE_FP32 dims: [2] }
ensemble_scheduling {
  step {
    model_name: "inner"
    model_version: -1
    input_map { key: "PART" value: "GIVEN" }
    output_map { key: "DONE" value: "TAKEN" }
  }
}
"""


def nested(repository: Path) -> None:
    """An ensemble whose step is an ensemble."""
    put(repository, "nested_step", SIDE, SIDE_MODEL)
    put(repository, "inner", INNER)
    put(repository, "outer", OUTER)

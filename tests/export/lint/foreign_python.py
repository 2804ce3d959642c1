"""Python models that we did not write."""

from pathlib import Path

from export.lint.foreign import ONE_INSTANCE, put

DOUBLER = """import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        self.name = args["model_name"]

    def execute(self, requests):
        responses = []
        for request in requests:
            x = pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("y", x * 2)]))
        return responses
"""

DOUBLER_CONFIG = """name: "doubler"
backend: "python"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: [2] }
output { name: "y" data_type: TYPE_FP32 dims: [2] }
instance_group { count: 1 kind: KIND_CPU }
"""


def python(repository: Path) -> None:
    put(repository, "doubler", DOUBLER_CONFIG, DOUBLER)


SELF_DESCRIBED = """import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config):
        auto_complete_model_config.add_input({"name": "x", "data_type": "TYPE_FP32", "dims": [2]})
        auto_complete_model_config.add_output({"name": "y", "data_type": "TYPE_FP32", "dims": [2]})
        auto_complete_model_config.set_max_batch_size(4)
        return auto_complete_model_config

    def execute(self, requests):
        responses = []
        for request in requests:
            x = pb_utils.get_input_tensor_by_name(request, "x")
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("y", x.as_numpy() + 1)]))
        return responses
"""


def python_auto(repository: Path) -> None:
    put(repository, "self_described", 'backend: "python"\n' + ONE_INSTANCE, SELF_DESCRIBED)

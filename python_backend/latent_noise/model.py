"""SEED to NOISE: standard normal float32 values, the same for a seed on every machine.

With the parameter `classes` also to CLASS: the CLASS_ID of the request, or where it is -1 or left out, a class drawn
from the seed.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters
from sightline_backend.noise import classes_from_parameters, classes_of, normal_noise, size_from_parameters

SEED = TensorSpec("SEED", "TYPE_INT64", (1,))
CLASS_ID = TensorSpec("CLASS_ID", "TYPE_INT32", (1,), optional=True)
CLASS = TensorSpec("CLASS", "TYPE_INT32", (1,))


def tensors_of(parameters: dict[str, str]) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """What a model with these parameters takes and gives."""
    noise = TensorSpec("NOISE", "TYPE_FP32", (size_from_parameters(parameters),))
    if classes_from_parameters(parameters) is None:
        return (SEED,), (noise,)
    return (SEED, CLASS_ID), (noise, CLASS)


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        complete(config, *tensors_of(string_parameters(config)))
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        parameters = string_parameters(config)
        check(config, *tensors_of(parameters))
        self.size = size_from_parameters(parameters)
        self.classes = classes_from_parameters(parameters)

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        seeds = input_array(request, "SEED")
        tensors: list[pb_utils.Tensor] = []
        if self.classes is not None:
            asked = pb_utils.get_input_tensor_by_name(request, "CLASS_ID")
            given = classes_of(seeds, self.classes, None if asked is None else asked.as_numpy())
            tensors.append(pb_utils.Tensor("CLASS", given))
        noise = np.stack([normal_noise(int(seed), self.size) for seed in seeds.ravel()])
        return [pb_utils.Tensor("NOISE", noise), *tensors]

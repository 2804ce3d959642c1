"""SEED to NOISE: standard normal float32 values, the same for a seed on every machine."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters
from sightline_backend.noise import normal_noise, size_from_parameters

SEED = TensorSpec("SEED", "TYPE_INT64", (1,))


def noise_of(size: int) -> TensorSpec:
    return TensorSpec("NOISE", "TYPE_FP32", (size,))


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        complete(config, SEED, noise_of(size_from_parameters(string_parameters(config))))
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.size = size_from_parameters(string_parameters(config))
        check(config, SEED, noise_of(self.size))

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        seeds = input_array(request, "SEED").reshape(-1)
        return [pb_utils.Tensor("NOISE", np.stack([normal_noise(int(seed), self.size) for seed in seeds]))]

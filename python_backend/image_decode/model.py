"""IMAGE (the bytes of picture files) to PIXELS (uint8, NHWC), as the model's parameters describe them."""

from __future__ import annotations

import json
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters
from sightline_backend.pixels import PixelSpec, decode_batch

IMAGE = TensorSpec("IMAGE", "TYPE_STRING", (1,))


def pixels_of(spec: PixelSpec) -> TensorSpec:
    return TensorSpec("PIXELS", "TYPE_UINT8", spec.shape)


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        complete(config, IMAGE, pixels_of(PixelSpec.from_parameters(string_parameters(config))))
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.spec = PixelSpec.from_parameters(string_parameters(config))
        check(config, IMAGE, pixels_of(self.spec))

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        files = input_array(request, "IMAGE").reshape(-1)
        return [pb_utils.Tensor("PIXELS", decode_batch(list(files), self.spec))]

"""IMAGE (the bytes of picture files) to PIXELS (uint8, NHWC), as the model's parameters describe them, and SIZE_WH
(int32), the upright width and height of each picture as it was sent.
"""

from __future__ import annotations

import json
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters
from sightline_backend.pixels import PixelSpec, decode_batch_sized
from sightline_backend.workers import Workers

IMAGE = TensorSpec("IMAGE", "TYPE_STRING", (1,))


def outputs_of(spec: PixelSpec) -> tuple[TensorSpec, ...]:
    # SIZE_WH is optional because repositories of earlier exports list PIXELS only.
    return TensorSpec("PIXELS", "TYPE_UINT8", spec.shape), TensorSpec("SIZE_WH", "TYPE_INT32", (2,), optional=True)


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        complete(config, IMAGE, outputs_of(PixelSpec.from_parameters(string_parameters(config))))
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.spec = PixelSpec.from_parameters(string_parameters(config))
        check(config, IMAGE, outputs_of(self.spec))
        self.workers = Workers()

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer, self.workers)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        files = input_array(request, "IMAGE").reshape(-1)
        pixels, sizes_wh = decode_batch_sized(list(files), self.spec)
        return [pb_utils.Tensor("PIXELS", pixels), pb_utils.Tensor("SIZE_WH", sizes_wh)]

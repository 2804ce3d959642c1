"""PIXELS (uint8 RGB, NHWC) to RESULT (the bytes of PNG files)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.model_config import TensorSpec, check, complete
from sightline_backend.pictures import encode_png
from sightline_backend.workers import Workers

PIXELS = TensorSpec("PIXELS", "TYPE_UINT8", (-1, -1, 3))
RESULT = TensorSpec("RESULT", "TYPE_STRING", (1,))


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        complete(auto_complete_model_config.as_dict(), PIXELS, RESULT)
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        check(config, PIXELS, RESULT)
        self.workers = Workers()

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer, self.workers)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        files = [[encode_png(pixels)] for pixels in input_array(request, "PIXELS")]
        return [pb_utils.Tensor("RESULT", np.array(files, np.object_))]

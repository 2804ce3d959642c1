"""IMAGE and OTHER (the bytes of picture files) to PIXELS and OTHER_PIXELS (uint8, NHWC), both decoded alike.

One step for both, because an ensemble of Triton 2.51 must begin with a single step: where it begins with two and the
first refuses its picture while the second is being scheduled, the server waits for itself.
"""

from __future__ import annotations

import json
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters
from sightline_backend.pairs import decode_pairs
from sightline_backend.pixels import PixelSpec
from sightline_backend.workers import Workers

FILES = TensorSpec("IMAGE", "TYPE_STRING", (1,)), TensorSpec("OTHER", "TYPE_STRING", (1,))


def outputs_of(spec: PixelSpec) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name, "TYPE_UINT8", spec.shape) for name in ("PIXELS", "OTHER_PIXELS"))


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        complete(config, FILES, outputs_of(PixelSpec.from_parameters(string_parameters(config))))
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.spec = PixelSpec.from_parameters(string_parameters(config))
        check(config, FILES, outputs_of(self.spec))
        self.workers = Workers()

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer, self.workers)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        images, others = (input_array(request, tensor.name).reshape(-1) for tensor in FILES)
        pixels, other_pixels = decode_pairs(list(images), list(others), self.spec)
        return [pb_utils.Tensor("PIXELS", pixels), pb_utils.Tensor("OTHER_PIXELS", other_pixels)]

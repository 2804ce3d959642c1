"""IMAGE (the bytes of picture files) to PIXELS (uint8, NHWC): the largest face of each, upright and in its place."""

from __future__ import annotations

import json
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.face_alignment import FaceAlignment, align_batch
from sightline_backend.haar_cascades import EYE, FRONTAL, cascade
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters

IMAGE = TensorSpec("IMAGE", "TYPE_STRING", (1,))


def pixels_of(alignment: FaceAlignment) -> TensorSpec:
    return TensorSpec("PIXELS", "TYPE_UINT8", alignment.pixels.shape)


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        complete(config, IMAGE, pixels_of(FaceAlignment.from_parameters(string_parameters(config))))
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.alignment = FaceAlignment.from_parameters(string_parameters(config))
        check(config, IMAGE, pixels_of(self.alignment))
        for name in (FRONTAL, EYE):  # a server without OpenCV says so when it loads the model
            cascade(name)

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        files = input_array(request, "IMAGE").reshape(-1)
        return [pb_utils.Tensor("PIXELS", align_batch(list(files), self.alignment))]

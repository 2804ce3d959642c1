"""IMAGE (the bytes of picture files) to the boxes of the faces in them, as every object detector answers."""

from __future__ import annotations

import json
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.faces import MAX_FACES, detect_batch
from sightline_backend.haar_cascades import FRONTAL, cascade
from sightline_backend.model_config import TensorSpec, check, complete

IMAGE = TensorSpec("IMAGE", "TYPE_STRING", (1,))
DETECTIONS = (
    TensorSpec("num_detections", "TYPE_INT32", (1,)),
    TensorSpec("detection_boxes", "TYPE_FP32", (MAX_FACES, 4)),
    TensorSpec("detection_scores", "TYPE_FP32", (MAX_FACES,)),
    TensorSpec("detection_classes", "TYPE_INT32", (MAX_FACES,)),
)


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        complete(auto_complete_model_config.as_dict(), IMAGE, DETECTIONS)
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        check(config, IMAGE, DETECTIONS)
        cascade(FRONTAL)  # a server without OpenCV says so when it loads the model, not when a picture comes

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        files = input_array(request, "IMAGE").reshape(-1)
        return [pb_utils.Tensor(name, array) for name, array in detect_batch(list(files)).items()]

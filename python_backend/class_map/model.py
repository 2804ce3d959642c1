"""CLASSES (uint8, a class of every pixel of the network) and SIZE_WH to CLASS_MAP (the bytes of PNG files): a class of
every pixel of the picture that was sent.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.class_maps import MapFit, class_map_png
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters
from sightline_backend.workers import Workers

INPUTS = (TensorSpec("CLASSES", "TYPE_UINT8", (-1, -1)), TensorSpec("SIZE_WH", "TYPE_INT32", (2,)))
CLASS_MAP = TensorSpec("CLASS_MAP", "TYPE_STRING", (1,))


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        complete(auto_complete_model_config.as_dict(), INPUTS, CLASS_MAP)
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.fit = MapFit.from_parameters(string_parameters(config))
        check(config, INPUTS, CLASS_MAP)
        self.workers = Workers()

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer, self.workers)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        maps, sizes_wh = input_array(request, "CLASSES"), input_array(request, "SIZE_WH").tolist()
        files = [[class_map_png(classes, (w, h), self.fit)] for classes, (w, h) in zip(maps, sizes_wh, strict=True)]
        return [pb_utils.Tensor("CLASS_MAP", np.array(files, np.object_))]

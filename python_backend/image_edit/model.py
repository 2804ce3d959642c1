"""IMAGE (the bytes of picture files) to RESULT (the bytes of PNG files), by the operation that the parameters name."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.edits import edit_files, edit_from_parameters
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters
from sightline_backend.workers import Workers

IMAGE = TensorSpec("IMAGE", "TYPE_STRING", (1,))
RESULT = TensorSpec("RESULT", "TYPE_STRING", (1,))


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        complete(config, (IMAGE, *edit_from_parameters(string_parameters(config)).inputs), RESULT)
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.edit = edit_from_parameters(string_parameters(config))
        check(config, (IMAGE, *self.edit.inputs), RESULT)
        self.workers = Workers()

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer, self.workers)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        files = input_array(request, "IMAGE").reshape(-1)
        values = {tensor.name(): tensor.as_numpy() for tensor in request.inputs() if tensor.name() != "IMAGE"}
        results = [[data] for data in edit_files(list(files), self.edit, values)]
        return [pb_utils.Tensor("RESULT", np.array(results, np.object_))]

"""IMAGE (the bytes of picture files) to RESULT (the bytes of PNG files), made of tiles by the network it names."""

from __future__ import annotations

import json
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.bls import ask
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters
from sightline_backend.tiles import Pixels, TileSpec, enhance_each

IMAGE = TensorSpec("IMAGE", "TYPE_STRING", (1,))
RESULT = TensorSpec("RESULT", "TYPE_STRING", (1,))


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        complete(auto_complete_model_config.as_dict(), IMAGE, RESULT)
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.spec = TileSpec.from_parameters(string_parameters(config))
        check(config, IMAGE, RESULT)

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        files = input_array(request, "IMAGE").reshape(-1)
        return [pb_utils.Tensor("RESULT", enhance_each(list(files), self.spec, self.network))]

    def network(self, tiles: Pixels) -> Pixels:
        return ask(self.spec.network, {"PIXELS": tiles}, ["RESULT_PIXELS"])["RESULT_PIXELS"]

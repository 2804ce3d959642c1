"""A whole ensemble in one process, as the parameter `steps` lists it; see sightline_backend.pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import error_response
from sightline_backend.idle_memory import IDLE_MEMORY
from sightline_backend.pipeline_files import open_pipeline


class TritonPythonModel:
    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.pipeline = open_pipeline(config, Path(args["model_repository"]), int(args["model_version"]))
        IDLE_MEMORY.used()

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        answers = self.pipeline.answer([tensors_of(request) for request in requests])
        IDLE_MEMORY.used()
        return [response(request, answer) for request, answer in zip(requests, answers, strict=True)]


def tensors_of(request: pb_utils.InferenceRequest) -> dict[str, pb_utils.Array] | Exception:
    try:
        return {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
    except Exception as error:
        return error


def response(
    request: pb_utils.InferenceRequest, answer: dict[str, pb_utils.Array] | Exception
) -> pb_utils.InferenceResponse:
    if isinstance(answer, Exception):
        return error_response(answer)
    try:
        return pb_utils.InferenceResponse(
            [pb_utils.Tensor(name, answer[name]) for name in request.requested_output_names()]
        )
    except Exception as error:
        return error_response(error)

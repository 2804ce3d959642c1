"""A whole ensemble in one process, as the parameter `steps` lists it; see sightline_backend.pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import error_response
from sightline_backend.idle_memory import IDLE_MEMORY
from sightline_backend.pipeline import Known
from sightline_backend.pipeline_files import open_pipeline


class TritonPythonModel:
    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.pipeline = open_pipeline(config, Path(args["model_repository"]), int(args["model_version"]))
        IDLE_MEMORY.used()

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        responses = self.pipeline.respond(requests, tensors, response)
        IDLE_MEMORY.used()
        return responses


def tensors(request: pb_utils.InferenceRequest) -> dict[str, pb_utils.Array]:
    return {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}


def response(request: pb_utils.InferenceRequest, known: Known) -> pb_utils.InferenceResponse:
    if isinstance(known, Exception):
        return error_response(known)
    try:
        return pb_utils.InferenceResponse(
            [pb_utils.Tensor(name, known[name]) for name in request.requested_output_names()]
        )
    except Exception as error:
        return error_response(error)

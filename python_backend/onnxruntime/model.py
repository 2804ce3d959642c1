"""Serves ONNX models where Triton's C++ onnxruntime backend is missing; see sightline_backend.onnx_runtime."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import error_response
from sightline_backend.idle_memory import IDLE_MEMORY
from sightline_backend.onnx_runtime.autocomplete import complete_from_graph, is_complete
from sightline_backend.onnx_runtime.batching import Result, Work, run_all
from sightline_backend.onnx_runtime.providers import CPU, choose_providers
from sightline_backend.onnx_runtime.session import available_providers, graph_of, model_file, open_session, runner
from sightline_backend.onnx_runtime.settings import SessionSettings
from sightline_backend.onnx_runtime.signature import Signature
from sightline_backend.onnx_runtime.validation import validate


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        if not is_complete(config):
            path = model_file(Path(pb_utils.get_model_dir()), config["default_model_filename"], config["name"])
            session = open_session(path, SessionSettings.from_config(config), [CPU])
            for warning in complete_from_graph(config, graph_of(session)):
                print(warning, file=sys.stderr)  # Triton's own logger does not work in here
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        settings = SessionSettings.from_config(config)
        kind, device_id = args["model_instance_kind"], int(args["model_instance_device_id"])
        providers, warnings = choose_providers(config, kind, device_id, available_providers())
        for warning in warnings:
            pb_utils.Logger.log_warn(warning)
        path = model_file(Path(pb_utils.get_model_dir()), config["default_model_filename"], config["name"])
        session = open_session(path, settings, providers)
        graph = graph_of(session)
        validate(config, graph)
        self.signature = Signature.of(config, graph)
        self.run = runner(session, settings)
        IDLE_MEMORY.used()

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        works = [self.work(request) for request in requests]
        results = run_all(works, self.run, batching=self.signature.batching)
        IDLE_MEMORY.used()
        return [self.response(result) for result in results]

    def work(self, request: pb_utils.InferenceRequest) -> Work | Exception:
        try:
            tensors = {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
            inputs = {
                name: self.signature.to_graph(name, tensors[name])
                for name in self.signature.input_names
                if name in tensors or name not in self.signature.optional_names
            }
            return Work(inputs, tuple(request.requested_output_names()))
        except Exception as error:
            return error

    def response(self, result: Result) -> pb_utils.InferenceResponse:
        if isinstance(result, Exception):
            return error_response(result)
        try:
            tensors = [pb_utils.Tensor(name, self.signature.from_graph(name, array)) for name, array in result.items()]
        except Exception as error:
            return error_response(error)
        return pb_utils.InferenceResponse(output_tensors=tensors)

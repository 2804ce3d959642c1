"""IMAGE and CLASS_ID to HEATMAP, CLASS_ID and SCORE, by asking the network that the parameters name.

The picture is decoded here: a decoding step that is asked from here would refuse a bad picture with the code INTERNAL.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.adapter import answer_each, input_array
from sightline_backend.bls import ask
from sightline_backend.explanation.explainer import Answer, explain_batch
from sightline_backend.explanation.masking import Pixels
from sightline_backend.explanation.spec import ExplainSpec
from sightline_backend.model_config import TensorSpec, check, complete, string_parameters

INPUTS = (TensorSpec("IMAGE", "TYPE_STRING", (1,)), TensorSpec("CLASS_ID", "TYPE_INT32", (1,)))
OUTSTANDING = 2  # requests to the network: the next masks are made while it works on the last


def outputs_of(spec: ExplainSpec) -> tuple[TensorSpec, ...]:
    heatmap = TensorSpec("HEATMAP", "TYPE_FP32", spec.map_hw)
    return heatmap, TensorSpec("CLASS_ID", "TYPE_INT32", (1,)), TensorSpec("SCORE", "TYPE_FP32", (1,))


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config: pb_utils.ModelConfig) -> pb_utils.ModelConfig:
        config = auto_complete_model_config.as_dict()
        complete(config, INPUTS, outputs_of(ExplainSpec.from_parameters(string_parameters(config))))
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config: dict[str, Any] = json.loads(args["model_config"])
        self.spec = ExplainSpec.from_parameters(string_parameters(config))
        check(config, INPUTS, outputs_of(self.spec))
        self.pool = ThreadPoolExecutor(OUTSTANDING)

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return answer_each(requests, self.answer)

    def answer(self, request: pb_utils.InferenceRequest) -> list[pb_utils.Tensor]:
        files = list(input_array(request, "IMAGE").reshape(-1))
        class_ids: list[int] = input_array(request, "CLASS_ID").reshape(-1).tolist()
        answer = explain_batch(files, class_ids, self.spec, self.ask_each)
        return [pb_utils.Tensor(name, array) for name, array in answer.items()]

    def ask_each(self, batches: Iterable[Pixels], outputs: tuple[str, ...]) -> list[Answer]:
        answers: list[Answer] = []
        running: deque[Future[Answer]] = deque()
        for batch in batches:
            running.append(self.pool.submit(ask, self.spec.network, {"PIXELS": batch}, outputs))
            if len(running) > OUTSTANDING:
                answers.append(running.popleft().result())
        return answers + [future.result() for future in running]

    def finalize(self) -> None:
        self.pool.shutdown()

"""Real requests to a model with the right answers: what PyTorch gives, for the network and for the ensemble."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline_export.entries import network_name
from sightline_export.in_process import ensemble_runtime, step_runtime
from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import GoldenCase, Request, answered, stack
from sightline_export.verification.parity import Arrays, Runtime, in_chunks

GOLDEN_CASES = 3
MIN_REQUESTS = 15  # the golden ones, and one picture of every odd kind


@dataclass(frozen=True, eq=False)
class Truth:
    """Everything has its batch axis first.

    reference: who gave the answers: `PyTorch`, or the ONNX file that somebody brought.
    inputs, answers: of the ensemble, row i to request i.
    network_inputs, network_answers: of the network inside it, which a request may ask several times.
    """

    spec: ModelSpec
    reference: str
    requests: tuple[Request, ...]
    inputs: Arrays
    answers: Arrays
    network_inputs: Arrays
    network_answers: Arrays

    def cases(self) -> tuple[GoldenCase, ...]:
        """The requests with their answers, to be kept with the version."""
        return answered(self.requests, self.answers, self.spec.task.ensemble_signature(self.spec).outputs)

    def golden(self, graph: Runtime) -> tuple[GoldenCase, ...]:
        """The first requests with the answers that the served graph gives."""
        first = self.requests[:GOLDEN_CASES]
        answers = whole_model(self.spec, graph)(stack(first))
        return answered(first, answers, self.spec.task.ensemble_signature(self.spec).outputs)


def find_truth(spec: ModelSpec, network: Runtime, reference: str = "PyTorch") -> Truth:
    """Ask `network`, with everything numeric around it and known as `reference`, about real requests."""
    requests = spec.task.requests(spec, max(spec.max_batch_size, MIN_REQUESTS))
    inputs = stack(requests)
    recorder = _Recorder(network)
    answers = in_chunks(whole_model(spec, recorder), inputs, spec.max_batch_size)
    return Truth(spec, reference, requests, inputs, answers, _joined(recorder.inputs), _joined(recorder.answers))


def whole_model(spec: ModelSpec, network: Runtime) -> Runtime:
    """The model as users call it, in this process: `network` with the steps of its ensemble around it."""
    name = network_name(spec.name)
    models, wiring = spec.task.steps(spec, name)
    asked = {name: network}
    steps = {model.name: step_runtime(model.backend, model.parameters, asked) for model in models}
    run = ensemble_runtime(wiring, {**steps, **asked})
    outputs = [tensor.name for tensor in spec.task.ensemble_signature(spec).outputs]

    def whole(inputs: Arrays) -> Arrays:
        tensors = run(inputs)
        return {output: tensors[output] for output in outputs}

    return whole


def before_network(spec: ModelSpec, inputs: Arrays, network: Runtime) -> Arrays:
    """What the steps of the ensemble ask `network` when these requests come: the inputs of the graph."""
    recorder = _Recorder(network)
    whole_model(spec, recorder)(inputs)
    return _joined(recorder.inputs)


class _Recorder:
    """A network that remembers what it was asked and what it answered."""

    def __init__(self, network: Runtime) -> None:
        self._network = network
        self.inputs: list[Arrays] = []
        self.answers: list[Arrays] = []

    def __call__(self, inputs: Arrays) -> Arrays:
        answers = self._network(inputs)
        self.inputs.append(inputs)
        self.answers.append(answers)
        return answers


def _joined(parts: list[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

"""Real requests to a model with the right answers: what PyTorch gives, for the network and for the ensemble."""

from __future__ import annotations

from dataclasses import dataclass

from sightline_export.entries import network_name
from sightline_export.in_process import run_steps, step_runtime
from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import GoldenCase, Request, answered, stack
from sightline_export.verification.parity import Arrays, Runtime, in_chunks

GOLDEN_CASES = 3
MIN_REQUESTS = 15  # the golden ones, and one picture of every odd kind


@dataclass(frozen=True, eq=False)
class Truth:
    """Everything has its batch axis first, row i belongs to request i.

    reference: who gave the answers: `PyTorch`, or the ONNX file that somebody brought.
    inputs, answers: of the ensemble. network_inputs, network_answers: of the network inside it.
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
        network_answers = graph({name: array[:GOLDEN_CASES] for name, array in self.network_inputs.items()})
        answers = _through(self.spec, stack(first), network_answers)
        return answered(first, answers, self.spec.task.ensemble_signature(self.spec).outputs)


def find_truth(spec: ModelSpec, network: Runtime, reference: str = "PyTorch") -> Truth:
    """Ask `network`, with everything numeric around it and known as `reference`, about real requests."""
    requests = spec.task.requests(spec, max(spec.max_batch_size, MIN_REQUESTS))
    inputs = stack(requests)
    network_inputs = before_network(spec, inputs)
    network_answers = in_chunks(network, network_inputs, spec.max_batch_size)
    answers = _through(spec, inputs, network_answers)
    return Truth(spec, reference, requests, inputs, answers, network_inputs, network_answers)


def before_network(spec: ModelSpec, inputs: Arrays) -> Arrays:
    """What the steps before the network make of requests to the ensemble: the inputs of the graph."""
    network = network_name(spec.name)
    models, wiring = spec.task.steps(spec, network)
    position = [step.model for step in wiring].index(network)
    runtimes = {model.name: step_runtime(model.backend, model.parameters) for model in models}
    tensors = run_steps(wiring[:position], runtimes, inputs)
    return {name: tensors[source] for name, source in wiring[position].inputs.items()}


def _through(spec: ModelSpec, inputs: Arrays, network_answers: Arrays) -> Arrays:
    """The ensemble's answers, given those of its network."""
    models, wiring = spec.task.steps(spec, network_name(spec.name))
    runtimes = {model.name: step_runtime(model.backend, model.parameters) for model in models}

    def network(_: Arrays) -> Arrays:
        return network_answers

    tensors = run_steps(wiring, {**runtimes, network_name(spec.name): network}, inputs)
    return {tensor.name: tensors[tensor.name] for tensor in spec.task.ensemble_signature(spec).outputs}

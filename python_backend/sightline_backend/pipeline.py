"""A whole ensemble in one process: its steps on all requests of a dynamic batch, its networks once for all of them.

`configs/cpu.pbtxt` of a model lists the steps; `sightline_backend.steps` and ONNX Runtime run them, as they do in the
portable ensemble, so the answers are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, takewhile
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from sightline_backend.errors import ParameterError
from sightline_backend.onnx_runtime.batching import Run, Work, run_all
from sightline_backend.steps import Arrays, StepRuntime, step_runtime
from sightline_backend.workers import Workers

NETWORK = "onnxruntime"

CACHED_BYTES = 3 << 19
"""Of pixels in one run of a network. What its layers make of them is some twenty times as large, and is to stay in the
cache: ten pictures of 224x224, or more small ones than come at once."""

Known = dict[str, Any] | Exception
"""What is known of one request: its inputs and the outputs of the steps that have run, by name; or how it failed."""


Request = TypeVar("Request")
Response = TypeVar("Response")
Read = Callable[[Request], Arrays]
Write = Callable[[Request, Known], Response]


@dataclass(frozen=True)
class PipelineStep:
    """One step: which model of the portable ensemble it stands for, and which tensor each of its tensors is.

    backend: `onnxruntime`, or one of `sightline_backend.steps`, with its parameters.
    networks: of a step that asks networks itself, their models.
    """

    model: str
    backend: str
    parameters: Mapping[str, str]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.model or not self.backend or not self.outputs:
            raise ParameterError(f"steps: expected a model, a backend and outputs in each step, got {self}")

    def taken_from(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Its inputs; optional ones that the request left out are missing."""
        return {name: known[source] for name, source in self.inputs.items() if source in known}

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that it needs."""
        if self.backend == NETWORK:
            return (self.model,)
        return (self.parameters["network"],) if "network" in self.parameters else ()


def steps_from_parameter(text: str) -> tuple[PipelineStep, ...]:
    """Read the parameter `steps`: a JSON list of objects with the fields of :class:`PipelineStep`.

    Raises:
        ParameterError: it is not such a list.

    >>> steps_from_parameter('[{"model": "p", "backend": "image_decode", "parameters": {"width": "8", "height": "8"}, '
    ...     '"inputs": {"IMAGE": "IMAGE"}, "outputs": {"PIXELS": "pixels"}}]')[0].backend
    'image_decode'
    """
    try:
        listed = json.loads(text)
        steps = tuple(_step(each) for each in listed)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, ParameterError):
            raise
        raise ParameterError(
            f"steps: expected a JSON list of steps with model, backend, parameters, inputs and outputs, got {text!r} "
            f"({type(error).__name__}: {error}); write the configuration again with sightline export"
        ) from error
    if not steps:
        raise ParameterError("steps: expected at least one step, got none")
    return steps


def _step(listed: Mapping[str, Any]) -> PipelineStep:
    def names(key: str) -> dict[str, str]:
        return {str(name): str(value) for name, value in cast("Mapping[str, Any]", listed[key]).items()}

    return PipelineStep(
        str(listed["model"]), str(listed["backend"]), names("parameters"), names("inputs"), names("outputs")
    )


@dataclass(frozen=True)
class Network:
    """A session that is open, with all threads: what runs it, and the names of all its outputs."""

    run: Run
    outputs: tuple[str, ...]

    def ask(self, inputs: Arrays) -> Arrays:
        """All outputs for one set of inputs, as a step asks that has a network of its own."""
        return dict(zip(self.outputs, self.run(list(self.outputs), dict(inputs)), strict=True))


class Pipeline:
    """The steps of an ensemble, ready to answer.

    Each step is one thread's work for each request, the reading of the request along with the first ones. Only a
    network is asked for all requests at once, with all threads: the weights of a dense layer are then read once, which
    is most of what a small batch costs.

    networks: those that the steps ask, by the names of their models.
    workers: as many threads as the networks have.
    """

    def __init__(self, steps: Sequence[PipelineStep], networks: Mapping[str, Network], workers: Workers) -> None:
        self._workers = workers
        asked = {name: network.ask for name, network in networks.items()}

        def alone(step: PipelineStep) -> Alone:
            return _alone(step, step_runtime(step.backend, step.parameters, asked))

        first = list(takewhile(lambda step: step.backend != NETWORK, steps))
        self._first = [alone(step) for step in first]
        self._rest: list[Together] = [
            _network(step, networks[step.model].run) if step.backend == NETWORK else partial(workers.map, alone(step))
            for step in steps[len(first) :]
        ]

    def answer(self, requests: Sequence[Arrays]) -> list[Known]:
        """Every tensor of each request, in order, or the exception that it ended in; none disturbs the others."""
        return self.respond(requests, lambda request: request, lambda _, known: known)

    def respond(
        self, requests: Sequence[Request], read: Read[Request], write: Write[Request, Response]
    ) -> list[Response]:
        """What `write` makes of each request, in order.

        Args:
            requests: Of one dynamic batch.
            read: The tensors of one of them; what it raises is what the request ends in. Runs beside other requests.
            write: The response to one of them, from all that is known of it in the end.
        """

        def begin(request: Request) -> Known:
            known = _read(request, read)
            for step in self._first:
                known = step(known)
            return known

        known = self._workers.map(begin, requests)
        for stage in self._rest:
            known = stage(known)
        return [write(request, each) for request, each in zip(requests, known, strict=True)]


Alone = Callable[[Known], Known]
"""A step on one request."""

Together = Callable[[list[Known]], list[Known]]
"""A step on all requests of a batch."""


def _read(request: Request, read: Read[Request]) -> Known:
    try:
        return dict(read(request))
    except Exception as error:
        return error


def _alone(step: PipelineStep, run: StepRuntime) -> Alone:
    def alone(known: Known) -> Known:
        if isinstance(known, Exception):
            return known
        try:
            return _with(known, step, run(step.taken_from(known)))
        except Exception as error:
            return error

    return alone


def _network(step: PipelineStep, run: Run) -> Together:
    wanted, pieced = tuple(step.outputs), in_pieces(run)

    def together(known: list[Known]) -> list[Known]:
        works = [each if isinstance(each, Exception) else Work(step.taken_from(each), wanted) for each in known]
        results = run_all(works, pieced, batching=True)
        return [_with(before, step, result) for before, result in zip(known, results, strict=True)]

    return together


def in_pieces(run: Run) -> Run:
    """Runs a network on parts of nearly the same length of a batch whose inputs take more than `CACHED_BYTES`."""

    def run_pieces(names: list[str], inputs: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        taken_bytes = sum(array.nbytes for array in inputs.values())
        batch, *others = {len(array) for array in inputs.values()}
        if taken_bytes <= CACHED_BYTES or others:  # inputs that don't agree are for ONNX Runtime to refuse
            return run(names, inputs)
        count = min(batch, -(-taken_bytes // CACHED_BYTES))
        ends = [batch * part // count for part in range(count + 1)]
        pieces = [
            run(names, {name: array[start:end] for name, array in inputs.items()}) for start, end in pairwise(ends)
        ]
        return pieces[0] if count == 1 else [np.concatenate(outputs) for outputs in zip(*pieces, strict=True)]

    return run_pieces


def _with(known: Known, step: PipelineStep, result: Arrays | Exception) -> Known:
    """What is known after a step. A request that failed before has no result but its exception."""
    if isinstance(known, Exception) or isinstance(result, Exception):
        return result if isinstance(result, Exception) else known
    return known | {target: result[name] for name, target in step.outputs.items()}

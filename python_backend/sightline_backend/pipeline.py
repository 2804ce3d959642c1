"""A whole ensemble in one process: its steps on all requests of a dynamic batch, its networks once for all of them.

`configs/cpu.pbtxt` of a model lists the steps; `sightline_backend.steps` and ONNX Runtime run them, as they do in the
portable ensemble, so the answers are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, cast

from sightline_backend.errors import ParameterError
from sightline_backend.onnx_runtime.batching import Run, Work, run_all
from sightline_backend.steps import Arrays, StepRuntime, step_runtime

NETWORK = "onnxruntime"

Known = dict[str, Any] | Exception
"""What is known of one request: its inputs and the outputs of the steps that have run, by name; or how it failed."""


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
    """A session that is open: what runs it, and the names of all its outputs."""

    run: Run
    outputs: tuple[str, ...]

    def ask(self, inputs: Arrays) -> Arrays:
        """All outputs for one set of inputs, as a step asks that has a network of its own."""
        return dict(zip(self.outputs, self.run(list(self.outputs), dict(inputs)), strict=True))


OpenNetworks = Callable[[int], Mapping[str, Network]]
"""Opens what a pipeline asks, by the names of the models, each with so many threads."""


class Pipeline:
    """The steps of an ensemble, ready to answer.

    A request that comes alone gets all threads. Of several, each thread takes its share from the file to the answer:
    that is more work done in the same time than all threads in each operation of a network.

    open_networks: is called for the lane of all threads, and for those of one thread, which share their networks, when
        several requests come for the first time: a model that is asked seldom holds its weights once.
    """

    def __init__(self, steps: Sequence[PipelineStep], open_networks: OpenNetworks, threads: int = 1) -> None:
        self._steps = steps
        self._open_networks = open_networks
        self._threads = threads
        self._whole = Lane(steps, open_networks(threads))
        self._pool = ThreadPoolExecutor(threads, "lane")

    @cached_property
    def _share(self) -> Lane:
        return Lane(self._steps, self._open_networks(1))

    def answer(self, requests: Sequence[Arrays | Exception]) -> list[Known]:
        """Every tensor of each request, in order, or the exception that it ended in; none disturbs the others."""
        known: list[Known] = [request if isinstance(request, Exception) else dict(request) for request in requests]
        if len(known) < 2 or self._threads < 2:
            return self._whole.answer(known)
        return [
            answer for share in self._pool.map(self._share.answer, shares(known, self._threads)) for answer in share
        ]


def shares(requests: Sequence[Known], count: int) -> list[list[Known]]:
    """At most `count` parts of nearly the same length, in order, none of them empty.

    >>> [len(share) for share in shares([{}, {}, {}, {}, {}], 2)]
    [2, 3]
    """
    count = min(count, len(requests))
    ends = [len(requests) * part // count for part in range(count + 1)]
    return [list(requests[start:end]) for start, end in pairwise(ends)]


Stage = Callable[[list[Known]], list[Known]]


class Lane:
    """All steps one after the other, on some requests."""

    def __init__(self, steps: Sequence[PipelineStep], networks: Mapping[str, Network]) -> None:
        asked = {name: network.ask for name, network in networks.items()}
        self._stages: list[Stage] = [
            _network(step, networks[step.model].run)
            if step.backend == NETWORK
            else _each(step, step_runtime(step.backend, step.parameters, asked))
            for step in steps
        ]

    def answer(self, known: list[Known]) -> list[Known]:
        for stage in self._stages:
            known = stage(known)
        return known


def _each(step: PipelineStep, run: StepRuntime) -> Stage:
    """A step on one request after the other."""

    def one(known: Known) -> Known:
        if isinstance(known, Exception):
            return known
        try:
            return _with(known, step, run(step.taken_from(known)))
        except Exception as error:
            return error

    return lambda known: [one(each) for each in known]


def _network(step: PipelineStep, run: Run) -> Stage:
    """A network on all requests at once."""
    wanted = tuple(step.outputs)

    def stage(known: list[Known]) -> list[Known]:
        works = [each if isinstance(each, Exception) else Work(step.taken_from(each), wanted) for each in known]
        results = run_all(works, run, batching=True)
        return [_with(before, step, result) for before, result in zip(known, results, strict=True)]

    return stage


def _with(known: Known, step: PipelineStep, result: Arrays | Exception) -> Known:
    """What is known after a step. A request that failed before has no result but its exception."""
    if isinstance(known, Exception) or isinstance(result, Exception):
        return result if isinstance(result, Exception) else known
    return known | {target: result[name] for name, target in step.outputs.items()}

"""An ensemble run in this process, without Triton: the same steps, through the same functions as the backends call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sightline_backend import steps as backend_steps
from sightline_export.errors import RepositoryUnusable
from sightline_export.repository.model_config import Step
from sightline_export.verification.parity import Arrays, Runtime


def step_runtime(backend: str, parameters: Mapping[str, str], models: Mapping[str, Runtime] | None = None) -> Runtime:
    """The step that one of our backends runs with these parameters of its `config.pbtxt`.

    models: by name, those that the step may ask itself, as its parameter `network` says.

    Raises RepositoryUnusable for a backend that is not ours.
    """
    if backend not in backend_steps.BACKENDS:
        raise RepositoryUnusable(
            f"expected steps of our own backends around the network, got {backend!r}; compare this model through a "
            "server instead"
        )
    return backend_steps.step_runtime(backend, parameters, models)


def run_steps(steps: Sequence[Step], models: Mapping[str, Runtime], inputs: Arrays) -> dict[str, NDArray[np.generic]]:
    """Every tensor of the ensemble, its inputs included, by its name in the ensemble; batch axis first.

    steps: in an order in which each comes after those that it needs. Optional inputs may be missing.
    """
    tensors = dict(inputs)
    for step in steps:
        given = {name: tensors[source] for name, source in step.inputs.items() if source in tensors}
        answers = models[step.model](given)
        tensors |= {target: answers[name] for name, target in step.outputs.items()}
    return tensors


def ensemble_runtime(steps: Sequence[Step], models: Mapping[str, Runtime]) -> Runtime:
    """The whole ensemble as one function."""
    return lambda inputs: run_steps(steps, models, inputs)

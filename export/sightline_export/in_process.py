"""An ensemble run in this process, without Triton: the same steps, through the same functions as the backends call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sightline_backend.noise import normal_noise
from sightline_backend.pictures import encode_png
from sightline_backend.pixels import PixelSpec, decode
from sightline_export.errors import RepositoryUnusable
from sightline_export.repository.model_config import Step
from sightline_export.verification.parity import Arrays, Runtime


def step_runtime(backend: str, parameters: Mapping[str, str]) -> Runtime:
    """The step that one of our backends runs with these parameters of its `config.pbtxt`.

    Raises RepositoryUnusable for a backend that is not ours.
    """
    match backend:
        case "image_decode":
            spec = PixelSpec.from_parameters(parameters)
            return lambda inputs: {"PIXELS": np.stack([decode(file, spec) for file in inputs["IMAGE"][:, 0].tolist()])}
        case "image_encode":
            return lambda inputs: {"RESULT": _files([encode_png(pixels) for pixels in inputs["PIXELS"]])}
        case "latent_noise":
            size = int(parameters["size"])
            return lambda inputs: {"NOISE": np.stack([normal_noise(int(seed), size) for seed in inputs["SEED"][:, 0]])}
        case _:
            raise RepositoryUnusable(
                f"expected steps of image_decode, image_encode or latent_noise around the network, got {backend!r}; "
                "compare this model through a server instead"
            )


def run_steps(steps: Sequence[Step], models: Mapping[str, Runtime], inputs: Arrays) -> dict[str, NDArray[np.generic]]:
    """Every tensor of the ensemble, its inputs included, by its name in the ensemble; batch axis first.

    steps: in an order in which each comes after those that it needs.
    """
    tensors = dict(inputs)
    for step in steps:
        answers = models[step.model]({name: tensors[source] for name, source in step.inputs.items()})
        tensors |= {target: answers[name] for name, target in step.outputs.items()}
    return tensors


def ensemble_runtime(steps: Sequence[Step], models: Mapping[str, Runtime]) -> Runtime:
    """The whole ensemble as one function."""
    return lambda inputs: run_steps(steps, models, inputs)


def _files(contents: Sequence[bytes]) -> NDArray[np.object_]:
    files = np.empty((len(contents), 1), dtype=np.object_)
    files[:, 0] = contents
    return files

"""unconditional-image-generation where the request may also name the class of the picture.

CLASS_ID is optional: where it is -1 or left out, the class is drawn from the seed. So it answers whoever sends nothing
but a seed, and its task id is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import Request, ValueTensor
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.picture_output import rgb_levels, rgb_tensor
from sightline_export.tasks.pixel_steps import RESULT, png_encoder
from sightline_export.tasks.task import Finish, StepModel
from sightline_export.tasks.unconditional_image_generation import SEED, seeds

CLASS_ID = TensorSpec("CLASS_ID", "INT32", (1,), optional=True)
CLASS = TensorSpec("CLASS", "INT32", (1,))


class ConditionalGenerationGraph(nn.Module):
    """Noise (B, n) and classes (B, 1) to uint8 pixels (B, h, w, 3).

    darkest: what the generator gives for black; white is 1.
    """

    def __init__(self, generator: nn.Module, darkest: float) -> None:
        super().__init__()
        self.generator = generator
        self.darkest = darkest

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        return rgb_levels(self.generator(noise, classes[:, 0]), self.darkest)


@dataclass(frozen=True)
class ConditionalImageGeneration:
    """latent: how many numbers of noise the generator takes. darkest: what it gives for black; white is 1.

    The classes are the labels of the model's specification.
    """

    latent: int
    darkest: float = -1.0

    @property
    def id(self) -> str:
        return "unconditional-image-generation"

    @property
    def finish(self) -> Finish:
        return "none"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return ConditionalGenerationGraph(network, self.darkest)

    def network_signature(self, spec: ModelSpec) -> Signature:
        return Signature((self._noise, CLASS), (rgb_tensor("PIXELS", spec.pixels),))

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((SEED, CLASS_ID), (RESULT,))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        classes, encode_step = len(spec.labels), png_encoder()
        noise_step = StepModel(
            f"noise_normal_{self.latent}_classes_{classes}",
            "latent_noise",
            Signature((SEED, CLASS_ID), (self._noise, CLASS)),
            {"size": str(self.latent), "classes": str(classes)},
        )
        return (noise_step, encode_step), (
            Step(noise_step.name, {"SEED": "SEED", "CLASS_ID": "CLASS_ID"}, {"NOISE": "noise", "CLASS": "class"}),
            Step(network, {"NOISE": "noise", "CLASS": "class"}, {"PIXELS": "pixels"}),
            Step(encode_step.name, {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
        )

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        """The first leaves the class to the seed, the next name one each."""
        asked = [index % (len(spec.labels) + 1) - 1 for index in range(count)]
        return tuple(_request(seed, class_id) for seed, class_id in zip(seeds(count), asked, strict=True))

    @property
    def _noise(self) -> TensorSpec:
        return TensorSpec("NOISE", "FP32", (self.latent,))


def _request(seed: int, class_id: int) -> Request:
    name = f"seed-{seed}" if class_id < 0 else f"seed-{seed}-class-{class_id}"
    return Request(
        name,
        {
            "SEED": ValueTensor("INT64", np.array([seed], dtype=np.int64)),
            "CLASS_ID": ValueTensor("INT32", np.array([class_id], dtype=np.int32)),
        },
    )

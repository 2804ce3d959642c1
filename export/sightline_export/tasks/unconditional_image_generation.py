"""unconditional-image-generation: a seed in, a picture out; the same seed gives the same picture everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import Request, ValueTensor
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.picture_output import rgb_levels, rgb_tensor
from sightline_export.tasks.pixel_steps import RESULT, noise, png_encoder
from sightline_export.tasks.task import Finish, StepModel

SEED = TensorSpec("SEED", "INT64", (1,))
GOLDEN_SEEDS = (0, 7, 2**40)


class GenerationGraph(nn.Module):
    """Noise (B, n) to uint8 pixels (B, h, w, 3). darkest: what the generator gives for black; white is 1."""

    def __init__(self, generator: nn.Module, darkest: float) -> None:
        super().__init__()
        self.generator = generator
        self.darkest = darkest

    def forward(self, noise: Tensor) -> Tensor:
        return rgb_levels(self.generator(noise), self.darkest)


@dataclass(frozen=True)
class UnconditionalImageGeneration:
    """latent: how many numbers of noise the generator takes. darkest: what it gives for black; white is 1."""

    latent: int
    darkest: float = -1.0

    @property
    def id(self) -> str:
        return "unconditional-image-generation"

    @property
    def finish(self) -> Finish:
        return "none"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return GenerationGraph(network, self.darkest)

    def network_signature(self, spec: ModelSpec) -> Signature:
        return Signature((TensorSpec("NOISE", "FP32", (self.latent,)),), (rgb_tensor("PIXELS", spec.pixels),))

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((SEED,), (RESULT,))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        noise_step, encode_step = noise(self.latent), png_encoder()
        return (noise_step, encode_step), (
            Step(noise_step.name, {"SEED": "SEED"}, {"NOISE": "noise"}),
            Step(network, {"NOISE": "noise"}, {"PIXELS": "pixels"}),
            Step(encode_step.name, {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
        )

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        return tuple(
            Request(f"seed-{seed}", {"SEED": ValueTensor("INT64", np.array([seed], dtype=np.int64))})
            for seed in seeds(count)
        )


def seeds(count: int) -> tuple[int, ...]:
    """The seeds of `count` requests, the golden ones first."""
    return (*GOLDEN_SEEDS, *range(100, 100 + count))[:count]

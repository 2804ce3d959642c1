"""unconditional-image-generation: a seed in, a picture out; the same seed gives the same picture everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_backend.noise import normal_noise
from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import Request, ValueTensor
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.pixel_steps import RESULT, noise, pixels_tensor, png_encoder
from sightline_export.tasks.task import Finish, StepModel

LEVEL_TOLERANCE = 1  # two runtimes may round 127.4999 and 127.5001 to different levels
GOLDEN_SEEDS = (0, 7, 2**40)


class GenerationGraph(nn.Module):
    """Noise (B, n) to uint8 pixels (B, h, w, 3)."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, noise: Tensor) -> Tensor:
        x = self.generator(noise)  # (B, 3, h, w) in [-1, 1]
        levels = ((x + 1) * 127.5).round().clamp(0, 255)
        return levels.byte().permute(0, 2, 3, 1)  # (B, h, w, 3)


@dataclass(frozen=True)
class UnconditionalImageGeneration:
    """latent: how many numbers of noise the generator takes."""

    latent: int

    @property
    def id(self) -> str:
        return "unconditional-image-generation"

    @property
    def finish(self) -> Finish:
        return "none"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return GenerationGraph(network)

    def network_signature(self, spec: ModelSpec) -> Signature:
        return Signature(
            (TensorSpec("NOISE", "FP32", (self.latent,)),), (pixels_tensor(spec.pixels, tolerance=LEVEL_TOLERANCE),)
        )

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((TensorSpec("SEED", "INT64", (1,)),), (RESULT,))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        noise_step, encode_step = noise(self.latent), png_encoder()
        return (noise_step, encode_step), (
            Step(noise_step.name, {"SEED": "SEED"}, {"NOISE": "noise"}),
            Step(network, {"NOISE": "noise"}, {"PIXELS": "pixels"}),
            Step(encode_step.name, {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
        )

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        seeds = (*GOLDEN_SEEDS, *range(100, 100 + count))[:count]
        return tuple(
            Request(f"seed-{seed}", {"SEED": ValueTensor("INT64", np.array([seed], dtype=np.int64))}) for seed in seeds
        )

    def noise(self, seeds: Sequence[int]) -> NDArray[np.float32]:
        """The noise (len(seeds), latent) that the service makes of these seeds."""
        return np.stack([normal_noise(seed, self.latent) for seed in seeds])

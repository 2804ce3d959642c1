"""unconditional-image-generation: a seed in, a picture out; the same seed gives the same picture everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from sightline_backend.noise import normal_noise
from sightline_backend.pictures import encode_png
from sightline_export.recipe import Recipe
from sightline_export.repository.golden import FileTensor, GoldenCase, ValueTensor
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.pixel_steps import RESULT, noise, pixels_tensor, png_encoder
from sightline_export.tasks.task import StepModel
from sightline_export.verify import Arrays, Runtime

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

    def graph(self, recipe: Recipe, network: nn.Module) -> nn.Module:
        return GenerationGraph(network)

    def network_signature(self, recipe: Recipe) -> Signature:
        return Signature(
            (TensorSpec("NOISE", "FP32", (self.latent,)),), (pixels_tensor(recipe.pixels, tolerance=LEVEL_TOLERANCE),)
        )

    def ensemble_signature(self, recipe: Recipe) -> Signature:
        return Signature((TensorSpec("SEED", "INT64", (1,)),), (RESULT,))

    def steps(self, recipe: Recipe, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        noise_step, encode_step = noise(self.latent), png_encoder()
        return (noise_step, encode_step), (
            Step(noise_step.name, {"SEED": "SEED"}, {"NOISE": "noise"}),
            Step(network, {"NOISE": "noise"}, {"PIXELS": "pixels"}),
            Step(encode_step.name, {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
        )

    def examples(self, recipe: Recipe, count: int) -> Arrays:
        return {"NOISE": self.noise(range(count))}

    def noise(self, seeds: range) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """The noise (len(seeds), latent) that the service makes of these seeds."""
        return np.stack([normal_noise(seed, self.latent) for seed in seeds])

    def golden(self, recipe: Recipe, graph: Runtime) -> tuple[GoldenCase, ...]:
        return tuple(self._golden_case(graph, seed) for seed in GOLDEN_SEEDS)

    def _golden_case(self, graph: Runtime, seed: int) -> GoldenCase:
        pixels = graph({"NOISE": normal_noise(seed, self.latent)[None]})["PIXELS"][0]
        return GoldenCase(
            name=f"seed-{seed}",
            inputs={"SEED": ValueTensor("INT64", np.array([seed], dtype=np.int64))},
            outputs={"RESULT": FileTensor(f"seed-{seed}.png", encode_png(pixels.astype(np.uint8)), LEVEL_TOLERANCE)},
        )

"""`denoiser`: takes the noise out of photographs of any size, without being told how much there is."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from PIL import Image
from torch import Tensor, nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.enhancement_photographs import (
    held_out_crops,
    judging_photographs,
    training_photographs,
)
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.measures.image_quality import results
from sightline_export.model_spec import ModelSpec
from sightline_export.models.denoiser import Denoiser, DenoiserConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.recipes.enhancer import DATA, LICENCE, Gain, Pixels, detail_sheet
from sightline_export.tasks.image_to_image_tiles import ImageToImageTiles
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.degradation import noisy, noisy_patches
from sightline_export.training.enhancement import EnhancementSettings, describe, train_enhancer
from sightline_export.training.patches import PatchSource
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=256, height=256)
SIGMA = 25  # levels of 255; the floor is promised here
OTHER_SIGMAS = (5, 15, 50)
GAIN_FLOOR_DB = 2.0
TRAINED_SIGMAS = (0.0, 55.0)
PATCH_SIDE = 64
NOISE_SEED = 1_000_000

_CONFIG = DenoiserConfig()
_SETTINGS = EnhancementSettings(epochs=46, steps_per_epoch=28, learning_rate=2e-3)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    source = PatchSource.of([photograph.pixels for photograph in training_photographs()], least=2 * PATCH_SIDE)

    def pairs(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        clean, _ = source.draw(count, PATCH_SIDE, generator)
        return noisy_patches(clean, TRAINED_SIGMAS, generator), clean

    return train_enhancer(network, pairs, _SETTINGS, checkpoint)


def _evaluate(evaluation: Evaluation) -> Measurement:
    """PSNR over all colours of whole photographs, before and after; noise is added, rounded and clipped to 8 bits."""
    photographs = judging_photographs(evaluation.data)
    truths = [photograph.pixels for photograph in photographs]

    def gain(sigma: int) -> Gain:
        sent = [noisy(truth, sigma, NOISE_SEED + index) for index, truth in enumerate(truths)]
        return Gain.of(truths, sent, results(evaluation.model, sent))

    promised = gain(SIGMA)
    others = {sigma: gain(sigma) for sigma in OTHER_SIGMAS}
    return Measurement(
        figures=(
            Figure(f"PSNR gained at sigma {SIGMA}, dB", promised.mean_db, GAIN_FLOOR_DB),
            Figure("the same of the photograph that gains least, dB", promised.least_db),
            Figure(f"SSIM gained at sigma {SIGMA}", promised.mean_ssim),
            *(Figure(f"PSNR gained at sigma {sigma}, dB", other.mean_db) for sigma, other in others.items()),
        ),
        per_class={
            photograph.name: {"noisy, dB": before, "denoised, dB": after}
            for photograph, (before, after) in zip(photographs, promised.psnr_db, strict=True)
        },
    )


def _sheet(evaluation: Evaluation) -> Image.Image:
    def sent(truth: Pixels) -> Pixels:
        return noisy(truth, SIGMA, NOISE_SEED)

    return detail_sheet(
        sent,
        lambda truths: results(evaluation.model, [sent(truth) for truth in truths]),
        (f"noise, sigma {SIGMA}", "denoiser", "truth"),
    )


register(
    Recipe(
        spec=ModelSpec(
            name="denoiser",
            summary="photographs of any size without their noise",
            architecture="Zhang et al., FFDNet, 2018; Lim et al., EDSR, 2017",
            task=ImageToImageTiles(halo=20, radius=_CONFIG.radius, stride=_CONFIG.stride),
            pixels=PIXELS,
            pictures=held_out_crops,
            normalisation=PLUS_MINUS_ONE,
            data=DATA,
            licence=LICENCE,
            limits=(
                "It was trained on normal noise of sigma 0 to 55 that differs from pixel to pixel. The coarse noise of "
                "a JPEG file or of a telephone is left in part. Fine texture is smoothed with the noise; where "
                "there is little noise, a picture full of detail may lose more than it gains."
            ),
            max_batch_size=4,  # a tile takes tens of megabytes on its way through the network
        ),
        build=lambda: Denoiser(_CONFIG),
        train=_train,
        key=f"denoiser {_CONFIG} {describe(_SETTINGS)}",
        evaluate=_evaluate,
        takes_data=True,
        sheet=_sheet,
    )
)

"""`super_resolution`: photographs of any size at twice their width and height."""

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
from sightline_export.models.super_resolution import SCALE, SuperResolution, SuperResolutionConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.recipes.enhancer import DATA, LICENCE, Gain, Pixels, detail_sheet
from sightline_export.tasks.image_to_image_tiles import ImageToImageTiles
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.degradation import doubled, halved
from sightline_export.training.enhancement import EnhancementSettings, describe, train_enhancer
from sightline_export.training.patches import PatchSource, even
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=256, height=256)
GAIN_FLOOR_DB = 0.5
PATCH_SIDE = 96  # of the large patch

_CONFIG = SuperResolutionConfig()
_SETTINGS = EnhancementSettings(epochs=34, steps_per_epoch=25, learning_rate=2e-3)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    source = PatchSource.of([photograph.pixels for photograph in training_photographs()], least=PATCH_SIDE)

    def pairs(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        large, small = source.draw(count, PATCH_SIDE, generator)
        return small, large

    return train_enhancer(network, pairs, _SETTINGS, checkpoint)


def _evaluate(evaluation: Evaluation) -> Measurement:
    """PSNR over all colours, beside Pillow's bicubic interpolation, of photographs halved by bicubic resampling."""
    photographs = judging_photographs(evaluation.data)
    truths = [even(photograph.pixels) for photograph in photographs]
    sent = [halved(truth) for truth in truths]
    gain = Gain.of(truths, [doubled(picture) for picture in sent], results(evaluation.model, sent))
    return Measurement(
        figures=(
            Figure("PSNR gained over bicubic interpolation, dB", gain.mean_db, GAIN_FLOOR_DB),
            Figure("the same of the photograph that gains least, dB", gain.least_db),
            Figure("SSIM gained over bicubic interpolation", gain.mean_ssim),
        ),
        per_class={
            photograph.name: {"bicubic, dB": before, "super_resolution, dB": after}
            for photograph, (before, after) in zip(photographs, gain.psnr_db, strict=True)
        },
    )


def _sheet(evaluation: Evaluation) -> Image.Image:
    def interpolated(truth: Pixels) -> Pixels:
        return doubled(halved(truth))

    return detail_sheet(
        interpolated,
        lambda truths: results(evaluation.model, [halved(truth) for truth in truths]),
        ("bicubic", "super_resolution", "truth"),
    )


register(
    Recipe(
        spec=ModelSpec(
            name="super_resolution",
            summary="photographs of any size at twice their width and height",
            architecture="Shi et al., ESPCN, 2016; Lim et al., EDSR, 2017",
            task=ImageToImageTiles(halo=8, radius=_CONFIG.radius, scale=SCALE),
            pixels=PIXELS,
            pictures=held_out_crops,
            normalisation=PLUS_MINUS_ONE,
            data=DATA,
            licence=LICENCE,
            limits=(
                "It sharpens edges and draws no detail that is not there. It was trained on pictures that bicubic "
                "resampling halved: of a blurred, noisy or strongly compressed picture the faults grow as well."
            ),
            max_batch_size=4,  # a tile takes tens of megabytes on its way through the network
        ),
        build=lambda: SuperResolution(_CONFIG),
        train=_train,
        key=f"super_resolution {_CONFIG} {describe(_SETTINGS)}",
        evaluate=_evaluate,
        takes_data=True,
        sheet=_sheet,
    )
)

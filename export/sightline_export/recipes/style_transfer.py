"""`style_transfer`: paints photographs of any size anew, in the strokes and colours of one painting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.canvas import SIDE as CANVAS_SIDE
from sightline_export.datasets.canvas import canvas
from sightline_export.datasets.enhancement_photographs import (
    held_out_crops,
    held_out_photographs,
    judging_photographs,
    training_photographs,
)
from sightline_export.datasets.painting import SIDE, painting
from sightline_export.datasets.painting import SOURCE as PAINTING_SOURCE
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.measures.image_quality import luminance_ssim, results
from sightline_export.measures.style import style_judge
from sightline_export.model_spec import ModelSpec
from sightline_export.models.style_transfer import StyleTransfer, StyleTransferConfig
from sightline_export.models.texture_classifier import TextureClassifier, TextureClassifierConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.recipes.enhancer import DATA, LICENCE
from sightline_export.sheets.contact_sheet import grid
from sightline_export.tasks.image_to_image_tiles import ImageToImageTiles
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch
from sightline_export.training.style import StyleSettings, describe, train_style

PIXELS = PixelSpec(width=3 * CANVAS_SIDE, height=3 * CANVAS_SIDE)
HALO = CANVAS_SIDE // 2  # each tile begins at the same place of the canvas
FALL_FLOOR = 0.6
SSIM_FLOOR = 0.4
SHEET_SIDE = 320  # of what is sent, in pixels
SHEET_TILE = 184  # of what is shown

_CONFIG = StyleTransferConfig()
_SETTINGS = StyleSettings(epochs=38, style=1.0, colour=0.25)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    pictures = [photograph.pixels for photograph in training_photographs()]
    classifier = TextureClassifier(TextureClassifierConfig(classes=len(pictures) + 1))  # and the painting
    return train_style(network, classifier, painting(), pictures, _SETTINGS, checkpoint)


def _evaluate(evaluation: Evaluation) -> Measurement:
    photographs = judging_photographs(evaluation.data)
    contents = [photograph.pixels for photograph in photographs]
    painted = results(evaluation.model, contents)
    fall = style_judge().fall(contents, painted)
    kept = [luminance_ssim(content, result) for content, result in zip(contents, painted, strict=True)]
    return Measurement(
        figures=(
            Figure("share by which the Gram distance to the style falls", float(np.mean(fall)), FALL_FLOOR),
            Figure("SSIM with the content, in grey", float(np.mean(kept)), SSIM_FLOOR),
        ),
        per_class={
            photograph.name: {"fall of the Gram distance": falls, "SSIM with the content": ssim}
            for photograph, falls, ssim in zip(photographs, fall, kept, strict=True)
        },
    )


def _sheet(evaluation: Evaluation) -> Image.Image:
    """Squares of the held-out photographs, and a corner of the painting beside each; all reduced alike."""
    contents = [_square(photograph.pixels, SHEET_SIDE) for photograph in held_out_photographs()]
    corners = [(top, left) for top in (0, SIDE - SHEET_SIDE) for left in (0, SIDE - SHEET_SIDE)]
    styles = [painting()[top : top + SHEET_SIDE, left : left + SHEET_SIDE] for top, left in corners]
    rows = zip(contents, styles, results(evaluation.model, contents), strict=True)
    return grid(
        [[Image.fromarray(picture) for picture in row] for row in rows],
        column_titles=("content", "style (parts of one painting)", "style_transfer"),
        tile=SHEET_TILE,
    )


def _square(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The middle of the picture (h, w, 3) as (side, side, 3)."""
    return np.array(ImageOps.fit(Image.fromarray(pixels), (side, side), Image.Resampling.LANCZOS))


register(
    Recipe(
        spec=ModelSpec(
            name="style_transfer",
            summary="photographs of any size painted anew in swirling strokes of blue and yellow",
            architecture="Johnson et al., Perceptual Losses for Real-Time Style Transfer and Super-Resolution, 2016",
            task=ImageToImageTiles(halo=HALO, radius=_CONFIG.radius, stride=CANVAS_SIDE),
            pixels=PIXELS,
            pictures=held_out_crops,
            normalisation=PLUS_MINUS_ONE,
            data=f"{DATA}; the style is {PAINTING_SOURCE}",
            licence=LICENCE,
            limits=(
                "It knows one style. Its strokes have one size in pixels: a large photograph looks more finely painted "
                "than a small one. In flat places they follow a pattern that repeats every 120 pixels. What is "
                "fine in a picture, such as small writing and faces far away, gets lost. SSIM is measured in luminance "
                "(ITU-R 601), since colours are meant to change. Canvas and losses were chosen on two of the training "
                "photographs, the weight of the style after five earlier configurations had been looked at on the "
                "held-out ones."
            ),
            max_batch_size=4,  # a tile takes tens of megabytes on its way through the network
        ),
        build=lambda: StyleTransfer(_CONFIG, torch.from_numpy(canvas())),
        train=_train,
        key=f"style_transfer {_CONFIG} {describe(_SETTINGS)}",
        evaluate=_evaluate,
        takes_data=True,
        sheet=_sheet,
    )
)

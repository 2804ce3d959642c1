"""What the recipes of digit classifiers share: data, training, the figures and their floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.digits import LABELS, SOURCE, WRITERS, Digits, digit_pictures, load_digits
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.held_out import scores_of
from sightline_export.measures.classification import classification
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.recipe import Evaluation, Recipe
from sightline_export.recipes.classifier import Architecture, for_folder
from sightline_export.sheets.classifier import classifier_sheet
from sightline_export.signature import TensorSpec
from sightline_export.training.augment import photograph
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.classifier import ClassifierSettings
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=64, height=64)
ACCURACY_FLOOR = 0.97
PHOTOGRAPH_SEED = 1_000_000
_SHOWN = 128  # width and height of the pictures that verification sends
LIMITS = (
    "It knows digits only and answers one of the ten for any picture. It was trained on scans of one digit each, with "
    "colours, light, blur and margins varied; several digits at once and printed fonts are outside of what it has seen."
    f" {WRITERS}"
)


def digit_classifier(
    name: str,
    summary: str,
    paper: str,
    build: Callable[[Any], nn.Module],
    config: Any,
    settings: ClassifierSettings,
    extra: tuple[TensorSpec, ...] = (),
    pixels: PixelSpec = PIXELS,
    floor: float = ACCURACY_FLOOR,
) -> Recipe:
    """A classifier of the ten digits, which can also be trained on a folder. `build(config)` is its network."""
    architecture = Architecture(name, summary, paper, build, config, pixels, settings, extra)

    def train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
        digits, _ = load_digits()
        return architecture.train(network, _half(digits), checkpoint)

    return Recipe(
        spec=architecture.spec(
            LABELS,
            pictures=lambda count: digit_pictures(count, (_SHOWN, _SHOWN)),
            data=SOURCE,
            licence="data CC BY 4.0",
            limits=LIMITS,
        ),
        build=lambda: build(config),
        train=train,
        key=architecture.key(SOURCE),
        evaluate=lambda evaluation: _measured(evaluation, pixels, floor),
        sheet=_sheet,
        for_data=lambda folder: for_folder(architecture, folder),
        explained_well=True,
    )


def _measured(evaluation: Evaluation, pixels: PixelSpec, floor: float) -> Measurement:
    held_out = _held_out()
    measured = classification(scores_of(held_out, evaluation.model), held_out.labels, LABELS)
    accuracy, *others = measured.figures
    taken = Half(photographed(held_out.render(pixels)), held_out.labels)
    right = scores_of(taken, evaluation.model).argmax(axis=1) == held_out.labels
    figures = (
        Figure(accuracy.name, accuracy.value, floor),
        Figure("the same as if photographed", float(right.mean())),
        *others,
    )
    return replace(measured, figures=figures)


def _sheet(evaluation: Evaluation) -> Image.Image:
    return classifier_sheet(_held_out(), LABELS, evaluation.model)


def _held_out() -> Half:
    return _half(load_digits()[1])


def _half(digits: Digits) -> Half:
    return Half(digits.pictures, digits.labels)


def photographed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every picture with colours, light, margins, strokes and noise as in training, drawn from another seed."""
    pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    taken = photograph(pictures, torch.Generator().manual_seed(PHOTOGRAPH_SEED), untouched=0.0)
    levels = (taken * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()  # (n, h, w, c)
    return levels if levels.shape[3] == 3 else levels[..., 0]

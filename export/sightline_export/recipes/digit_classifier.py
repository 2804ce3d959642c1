"""What the recipes of digit classifiers share: data, training, the figures and their floor."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.digits import LABELS, SOURCE, digit_pictures, load_digits
from sightline_export.measure import Figure, Measurement, classification
from sightline_export.model_spec import ModelSpec
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe
from sightline_export.signature import TensorSpec
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.training.augment import photograph
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.classifier import ClassifierSettings, describe, train_classifier
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=64, height=64)
ACCURACY_FLOOR = 0.97
PHOTOGRAPH_SEED = 1_000_000
LIMITS = (
    "It knows digits only and answers one of the ten for any picture. It was trained on scans of one digit each, with "
    "colours, light, blur and margins varied; several digits at once and printed fonts are outside of what it has seen."
)


def digit_classifier(
    name: str,
    summary: str,
    paper: str,
    build: type[nn.Module],
    config: object,
    settings: ClassifierSettings,
    extra: tuple[TensorSpec, ...] = (),
) -> Recipe:
    """A classifier of the ten digits at 64x64. `build(config)` is its network."""

    def train(network: nn.Module, checkpoint: Path) -> Iterator[Epoch]:
        digits, _ = load_digits()
        key = f"{name} {config} {describe(settings)}"
        return train_classifier(network, digits.render(PIXELS), digits.labels, settings, Checkpoint(checkpoint, key))

    return Recipe(
        spec=ModelSpec(
            name=name,
            summary=summary,
            architecture=paper,
            task=ImageClassification(extra),
            pixels=PIXELS,
            pictures=lambda count: digit_pictures(count, (2 * PIXELS.width, 2 * PIXELS.height)),
            normalisation=PLUS_MINUS_ONE,
            labels=LABELS,
            data=SOURCE,
            licence="data CC BY 4.0",
            limits=LIMITS,
        ),
        build=lambda: build(config),
        train=train,
        evaluate=_evaluate,
    )


def _evaluate(evaluation: Evaluation) -> Measurement:
    _, held_out = load_digits()
    pixels = held_out.render(PIXELS)
    scores = evaluation.graph({"PIXELS": pixels})["SCORES"]
    measured = classification(scores.astype("float32"), held_out.labels, LABELS)
    accuracy, *others = measured.figures
    photographed = evaluation.graph({"PIXELS": _photographed(pixels)})["SCORES"].argmax(axis=1)
    figures = (
        Figure(accuracy.name, accuracy.value, ACCURACY_FLOOR),
        Figure("the same as if photographed", float((photographed == held_out.labels).mean())),
        *others,
    )
    return replace(measured, figures=figures)


def _photographed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pictures with the colours, light, margins, strokes and noise of training, drawn from another seed."""
    pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    taken = photograph(pictures, torch.Generator().manual_seed(PHOTOGRAPH_SEED))
    return (taken * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()

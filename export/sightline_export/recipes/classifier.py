"""What the recipes of classifiers share, whichever labelled pictures they are trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image
from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.labelled import labelled
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.datasets.sample_pictures import pictures_of
from sightline_export.held_out import measured_on
from sightline_export.measures.figures import Measurement
from sightline_export.model_spec import ModelSpec, Pictures
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe
from sightline_export.sheets.classifier import classifier_sheet
from sightline_export.signature import TensorSpec
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.classifier import ClassifierSettings, describe, train_classifier
from sightline_export.training.progress import Epoch

FOLDER_LIMITS = (
    "It answers one of its classes for any picture. How it does on pictures of another kind than those that it was "
    "trained on was not measured."
)


@dataclass(frozen=True)
class Architecture:
    """A network that can be trained on any labelled pictures.

    build: `build(config)` is the network; `config` is a dataclass with the field `classes`.
    settings: for the data of the recipe itself; other data gets the augmentation that it allows.
    extra: outputs of the network besides the scores.
    """

    name: str
    summary: str
    paper: str
    build: Callable[[Any], nn.Module]
    config: Any
    pixels: PixelSpec
    settings: ClassifierSettings
    extra: tuple[TensorSpec, ...] = ()

    def spec(self, labels: tuple[str, ...], pictures: Pictures, data: str, licence: str, limits: str) -> ModelSpec:
        return ModelSpec(
            name=self.name,
            summary=self.summary,
            architecture=self.paper,
            task=ImageClassification(self.extra),
            pixels=self.pixels,
            pictures=pictures,
            normalisation=PLUS_MINUS_ONE,
            labels=labels,
            data=data,
            licence=licence,
            limits=limits,
        )

    def train(self, network: nn.Module, half: Half, checkpoint: Checkpoint) -> Iterator[Epoch]:
        return train_classifier(network, half.render(self.pixels), half.labels, self.settings, checkpoint)

    def key(self, data: str) -> str:
        """data: says which pictures it is trained on, so that no other run is resumed."""
        return f"{self.name} {self.config} {describe(self.settings)} {data}"


def for_folder(architecture: Architecture, folder: Path) -> Recipe:
    """The recipe of `architecture` for the data set in `folder`: its labels, its halves, no floor.

    Raises SourceUnusable, as :func:`sightline_export.datasets.labelled.labelled` does.
    """
    data = labelled(folder)
    settings = replace(architecture.settings, augmentation="tilt_and_flip" if data.mirrored else "tilt")
    fitted = replace(
        architecture,
        summary=f"{data.name}, the network of {architecture.name}",
        config=replace(architecture.config, classes=len(data.labels)),
        settings=settings,
    )
    spec = fitted.spec(data.labels, pictures_of(data.held_out), data.source, "data: not stated", FOLDER_LIMITS)

    def evaluate(evaluation: Evaluation) -> Measurement:
        return measured_on(data.held_out, data.labels, evaluation.model, f"the held-out part of {data.name}")

    def sheet(evaluation: Evaluation) -> Image.Image:
        return classifier_sheet(data.held_out, data.labels, evaluation.model)

    return Recipe(
        spec=replace(spec, trained_on_part=True),
        build=lambda: fitted.build(fitted.config),
        train=lambda network, checkpoint: fitted.train(network, data.train, checkpoint),
        key=fitted.key(data.train.fingerprint),
        evaluate=evaluate,
        sheet=sheet,
        for_data=lambda other: for_folder(architecture, other),
    )

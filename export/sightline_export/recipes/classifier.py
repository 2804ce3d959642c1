"""What the recipes of classifiers share, whichever labelled pictures they are trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.labelled import labelled
from sightline_export.datasets.labelled_pictures import Half, LabelledPictures
from sightline_export.datasets.sample_pictures import pictures_of
from sightline_export.errors import SourceUnusable
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

    def train(self, network: nn.Module, half: Half, data: str, checkpoint: Path) -> Iterator[Epoch]:
        """data: says which pictures these are, so that no other run is resumed."""
        run = Checkpoint(checkpoint, f"{self.name} {self.config} {describe(self.settings)} {data}")
        return train_classifier(network, half.render(self.pixels), half.labels, self.settings, run)


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
        half = half_to_measure(evaluation.data, data.labels) if evaluation.data else data.held_out
        return measured_on(half, data.labels, evaluation.model, (evaluation.data or folder).name)

    def sheet(evaluation: Evaluation) -> Image.Image:
        return classifier_sheet(data.held_out, data.labels, evaluation.model)

    return Recipe(
        spec=spec,
        build=lambda: fitted.build(fitted.config),
        train=lambda network, checkpoint: fitted.train(network, data.train, _fingerprint(folder, data), checkpoint),
        evaluate=evaluate,
        sheet=sheet,
        for_data=lambda other: for_folder(architecture, other),
    )


def half_to_measure(folder: Path, labels: tuple[str, ...]) -> Half:
    """The held-out pictures of the data set in `folder`, whose classes are brought into the order of `labels`.

    Raises SourceUnusable where it has classes that the model does not know.
    """
    data = labelled(folder)
    unknown = [label for label in data.labels if label not in labels]
    if unknown:
        raise SourceUnusable(
            f"expected classes of the model ({', '.join(labels[:3])}, …) in {folder}, got {', '.join(unknown[:3])}; "
            f"rename them, or train a model for them: sightline export NAME --data {folder}"
        )
    places = np.array([labels.index(label) for label in data.labels], dtype=np.int64)
    return Half(data.held_out.pictures, places[data.held_out.labels])


def _fingerprint(folder: Path, data: LabelledPictures) -> str:
    return f"{folder.resolve()} {len(data.train)} {data.train.labels.tolist()[:64]}"

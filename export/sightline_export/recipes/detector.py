"""`detector`: handwritten digits, wherever they lie in a picture; with `--data`, the objects of a COCO folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image
from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.coco import Coco, load_coco
from sightline_export.datasets.digits import LABELS
from sightline_export.datasets.marked import Marked, moved
from sightline_export.datasets.photographs import photographs
from sightline_export.datasets.scene_files import scene_pictures
from sightline_export.datasets.scenes import LIMITS, SOURCE, scene_batch
from sightline_export.measures.figures import Measurement
from sightline_export.model_spec import ModelSpec, PictureFile, Pictures
from sightline_export.models.detector import Detector, DetectorConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.recipes.detector_evaluation import SHOWN, Known, held_out_scenes, known_pictures, measured, sheet
from sightline_export.tasks.object_detection import ObjectDetection
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.detection import DetectionSettings, Draw, describe, train_detector
from sightline_export.training.progress import Epoch

MAP_FLOOR = 0.85
FOLDER_SIDE = 256  # of the network's pixels, for the pictures of a folder
FOLDER_EPOCHS = 60
CROWD = 16  # digits in a training scene at most, so that each teaches more

_CONFIG = DetectorConfig()
_SETTINGS = DetectionSettings(epochs=52)
_SPEC = ModelSpec(
    name="detector",
    summary="handwritten digits in a picture, each with its box",
    architecture=(
        "Lin et al., Focal Loss for Dense Object Detection (RetinaNet), 2017; Tian et al., FCOS, 2019; suppression: "
        "Bolya et al., YOLACT, 2019"
    ),
    task=ObjectDetection(),
    pixels=PixelSpec(_CONFIG.image_size, _CONFIG.image_size, fit="letterbox"),
    pictures=scene_pictures,
    normalisation=PLUS_MINUS_ONE,
    labels=LABELS,
    data=SOURCE,
    licence="data CC BY 4.0, CC BY 2.0, CC0 and public domain",
    limits=f"{LIMITS} It sees every picture at 128x128 pixels: of a very long one little is left.",
)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    return train_detector(cast(Detector, network), _draw_scenes, _SETTINGS, checkpoint)


def _draw_scenes(step: int) -> Marked:
    size = _SETTINGS.batch_size
    batch = scene_batch("train", range(step * size, (step + 1) * size), CROWD)
    return Marked(batch.pixels, batch.boxes_xyxy, batch.classes)


def _evaluate(evaluation: Evaluation) -> Measurement:
    return measured(evaluation.model, held_out_scenes(), LABELS, MAP_FLOOR)


def _sheet(evaluation: Evaluation) -> Image.Image:
    return sheet(evaluation.model, held_out_scenes(SHOWN), LABELS)


def for_folder(folder: Path) -> Recipe:
    """The same detector for a folder in COCO's format: its categories, its halves, 256x256 pixels, no floor.

    Raises SourceUnusable, as :func:`sightline_export.datasets.coco.load_coco` does.
    """
    data = load_coco(folder)
    config = replace(_CONFIG, image_size=FOLDER_SIDE, classes=len(data.labels))
    settings = replace(_SETTINGS, epochs=FOLDER_EPOCHS)
    spec = replace(
        _SPEC,
        summary=f"objects of {len(data.labels)} kinds in a picture, each with its box",
        pixels=replace(_SPEC.pixels, width=FOLDER_SIDE, height=FOLDER_SIDE),
        pictures=_pictures(data),
        labels=data.labels,
        data=f"{len(data.train)} pictures with COCO annotations in {folder.name}",
        licence="data: not stated",
        limits="How it does on pictures of another kind than those that it was trained on was not measured.",
        trained_on_part=True,
    )

    def train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
        draw = draw_pictures(data, spec.pixels, settings)
        return train_detector(cast(Detector, network), draw, settings, checkpoint)

    def known() -> Known:
        return known_pictures(folder, data.labels)

    return Recipe(
        spec=spec,
        build=lambda: Detector(config),
        train=train,
        key=f"detector {config} {describe(settings)} {data.train.fingerprint}",
        evaluate=lambda asked: measured(asked.model, known(), data.labels, floor=None),
        sheet=lambda asked: sheet(asked.model, known(), data.labels),
        for_data=for_folder,
    )


def draw_pictures(data: Coco, pixels: PixelSpec, settings: DetectionSettings) -> Draw:
    """Batches of the training pictures, each picture enlarged or reduced and shifted anew."""

    def draw(step: int) -> Marked:
        rng = np.random.default_rng((settings.seed, step))
        indices = rng.integers(len(data.train), size=settings.batch_size).tolist()
        return moved(data.train.some(indices).render(pixels), rng)

    return draw


def _pictures(data: Coco) -> Pictures:
    def first(count: int) -> tuple[PictureFile, ...]:
        """Held-out pictures; where they are too few, photographs after them."""
        files = data.held_out.files[:count]
        own = [PictureFile(f"{place}-{file.name}", file.read_bytes()) for place, file in enumerate(files)]
        return (*own, *photographs(count - len(own)))

    return first


register(
    Recipe(
        spec=_SPEC,
        build=lambda: Detector(_CONFIG),
        train=_train,
        key=f"detector {_CONFIG} {describe(_SETTINGS)} scenes",
        evaluate=_evaluate,
        sheet=_sheet,
        for_data=for_folder,
    )
)

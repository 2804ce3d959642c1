"""`segmenter`: which pixels of a picture belong to handwritten digits, and to which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from sightline_backend.pictures import encode_png
from sightline_backend.pixels import PixelSpec
from sightline_backend.steps import files_array
from sightline_export.datasets.class_map_folder import UNKNOWN, class_mapped
from sightline_export.datasets.digits import LABELS as DIGITS
from sightline_export.datasets.scene_files import scene_pictures
from sightline_export.datasets.scenes import LIMITS, SIDE, SOURCE, scene_batch
from sightline_export.measures.figures import Measurement
from sightline_export.measures.segmentation import segmentation
from sightline_export.model_spec import ModelSpec
from sightline_export.models.segmenter import Segmenter, SegmenterConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.sheets.segmentation import segmentation_sheet
from sightline_export.tasks.image_segmentation import ImageSegmentation
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch
from sightline_export.training.segmentation import SegmentationSettings, describe, train_segmenter
from sightline_export.verification.parity import Runtime

Map = NDArray[np.uint8]

LABELS = ("background", *DIGITS)
MEAN_IOU_FLOOR = 0.75
MEASURED = range(300)  # held-out scenes
SHOWN = range(400, 412)  # others, on the contact sheet
ASKED_AT_ONCE = 32

_CONFIG = SegmenterConfig(classes=len(LABELS))
_SETTINGS = SegmentationSettings(recognition_epochs=10, epochs=42)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    return train_segmenter(
        cast(Segmenter, network),
        lambda indices, most_digits: scene_batch("train", indices, most_digits),
        _SETTINGS,
        checkpoint,
    )


def _evaluate(evaluation: Evaluation) -> Measurement:
    if evaluation.data is not None:
        return segmentation(_folder_pairs(evaluation.model, evaluation.data), LABELS)
    scenes = scene_batch("held_out", MEASURED)
    found = _found(evaluation.model, [encode_png(pixels) for pixels in scenes.pixels])
    return segmentation(zip(scenes.class_maps, found, strict=True), LABELS, MEAN_IOU_FLOOR)


def _folder_pairs(model: Runtime, folder: Path) -> Iterator[tuple[Map, Map]]:
    """Truth and answer for the pixels of each picture of a folder of which somebody knows the class."""
    for picture in class_mapped(folder, len(LABELS)):
        known = picture.class_map != UNKNOWN
        (found,) = _found(model, [picture.content])
        yield picture.class_map[known], found[known]


def _sheet(evaluation: Evaluation) -> Image.Image:
    scenes = scene_batch("held_out", SHOWN)
    found = _found(evaluation.model, [encode_png(pixels) for pixels in scenes.pixels])
    return segmentation_sheet([Image.fromarray(pixels) for pixels in scenes.pixels], found, list(scenes.class_maps))


def _found(model: Runtime, files: Sequence[bytes]) -> list[Map]:
    """The class maps that the model makes of files."""
    found: list[Map] = []
    for start in range(0, len(files), ASKED_AT_ONCE):
        answers = model({"IMAGE": files_array(files[start : start + ASKED_AT_ONCE])})["CLASS_MAP"]
        found.extend(np.asarray(Image.open(BytesIO(file))) for file in answers.ravel().tolist())
    return found


register(
    Recipe(
        spec=ModelSpec(
            name="segmenter",
            summary="which pixels of a picture belong to handwritten digits, and to which",
            architecture=(
                "Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015; Lin et "
                "al., Feature Pyramid Networks for Object Detection, 2017"
            ),
            task=ImageSegmentation(),
            pixels=PixelSpec(SIDE, SIDE, fit="letterbox"),
            pictures=scene_pictures,
            normalisation=PLUS_MINUS_ONE,
            labels=LABELS,
            data=SOURCE,
            licence="data CC BY 4.0, CC BY 2.0, CC0 and public domain",
            limits=(
                f"{LIMITS} It sees every picture at 128x128 pixels: edges in a large picture are as coarse as that, "
                "and of a very long one little is left."
            ),
        ),
        build=lambda: Segmenter(_CONFIG),
        train=_train,
        key=f"segmenter {_CONFIG} {describe(_SETTINGS)}",
        evaluate=_evaluate,
        takes_data=True,
        sheet=_sheet,
    )
)

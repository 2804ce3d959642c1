"""Measuring a detector by sending it files, and the contact sheet of what it found beside what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from sightline_backend.pictures import encode_png
from sightline_backend.steps import files_array
from sightline_export.datasets.coco import load_coco
from sightline_export.datasets.scenes import scene
from sightline_export.errors import SourceUnusable
from sightline_export.measures.detection import Boxes, detection
from sightline_export.measures.figures import Measurement
from sightline_export.sheets.contact_sheet import boxed, grid
from sightline_export.verification.parity import Runtime

SCENES = 400  # held-out ones that are measured
_ASKED_AT_ONCE = 32
SHOWN = 10  # of them on the sheet
_COLUMNS, _TILE = 5, 144  # of the sheet
_SHOWN_SCORE = 0.3


@dataclass(frozen=True, eq=False)
class Known:
    """Files of pictures, and what lies in each."""

    files: Sequence[bytes]
    truth: Sequence[Boxes]


def held_out_scenes(count: int = SCENES) -> Known:
    """The first digit scenes that no network was trained on, as PNG files."""
    scenes = [scene("held_out", index) for index in range(count)]
    truth = [Boxes(one.boxes_xyxy, one.classes) for one in scenes]
    return Known([encode_png(one.pixels) for one in scenes], truth)


def known_pictures(folder: Path, labels: tuple[str, ...]) -> Known:
    """The held-out pictures of a folder in COCO's format, classes in the order of `labels`.

    Raises SourceUnusable where the folder has classes that the model does not know.
    """
    coco = load_coco(folder)
    unknown = [label for label in coco.labels if label not in labels]
    if unknown:
        raise SourceUnusable(
            f"expected categories of the model ({', '.join(labels[:3])}, …) in {folder}, got "
            f"{', '.join(unknown[:3])}; rename them, or train for them: sightline export detector --data {folder}"
        )
    places = np.array([labels.index(label) for label in coco.labels], np.int64)
    files = [file.read_bytes() for file in coco.held_out.files]
    return Known(files, [Boxes(own.xyxy, places[own.classes]) for own in coco.held_out.boxes])


def measured(model: Runtime, known: Known, labels: tuple[str, ...], floor: float | None) -> Measurement:
    """mAP of what `model` finds in the files."""
    return detection(known.truth, found_in(model, known.files), labels, floor)


def found_in(model: Runtime, files: Sequence[bytes]) -> list[Boxes]:
    """What `model` finds in each file, without the padding."""
    found: list[Boxes] = []
    for start in range(0, len(files), _ASKED_AT_ONCE):
        answers = model({"IMAGE": files_array(files[start : start + _ASKED_AT_ONCE])})
        for count, boxes, scores, classes in zip(
            answers["num_detections"][:, 0].tolist(),
            answers["detection_boxes"],
            answers["detection_scores"],
            answers["detection_classes"],
            strict=True,
        ):
            found.append(Boxes(boxes[:count], classes[:count], scores[:count]))
    return found


def sheet(model: Runtime, known: Known, labels: tuple[str, ...]) -> Image.Image:
    """Ten pictures with what the model found, each above the same picture with what is there."""
    files, truth = known.files[:SHOWN], known.truth[:SHOWN]
    found = [_sure(boxes) for boxes in found_in(model, files)]
    drawn = [[_drawn(file, own, labels) for file, own in zip(files, side, strict=True)] for side in (found, truth)]
    rows = [row[start : start + _COLUMNS] for start in range(0, len(files), _COLUMNS) for row in drawn]
    titles = ["found", "there"] * (len(rows) // 2)
    return grid(rows, row_titles=titles, tile=_TILE)


def _sure(boxes: Boxes) -> Boxes:
    scores: NDArray[np.float32] = np.ones(len(boxes.classes), np.float32) if boxes.scores is None else boxes.scores
    chosen = scores >= _SHOWN_SCORE
    return Boxes(boxes.xyxy[chosen], boxes.classes[chosen], scores[chosen])


def _drawn(file: bytes, boxes: Boxes, labels: tuple[str, ...]) -> Image.Image:
    upright = ImageOps.exif_transpose(Image.open(BytesIO(file))).convert("RGB")
    scale = 4 / 3 * _TILE / max(upright.size)  # larger than shown: thinner lines, smaller letters
    wh = max(1, round(upright.width * scale)), max(1, round(upright.height * scale))
    return boxed(upright.resize(wh), boxes.xyxy * scale, boxes.classes.tolist(), labels)

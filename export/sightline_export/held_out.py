"""Measuring an imported classifier on labelled pictures: one folder per class, as torchvision's ImageFolder wants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline_backend.errors import PictureError
from sightline_backend.pixels import decode
from sightline_export.errors import SourceUnusable
from sightline_export.measure import Figure, Measurement, classification
from sightline_export.model_spec import ModelSpec
from sightline_export.release import Measure
from sightline_export.verification.parity import Runtime

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}


def measure_on(folder: Path, spec: ModelSpec) -> Measure:
    """Accuracy, calibration and figures per class on the pictures of `folder`, through the function that serves them.

    Raises SourceUnusable where the names of its folders are not labels of the model, or a file is not a picture.
    """
    if not spec.labels:
        raise SourceUnusable(f"expected a classifier for --held-out, got the task {spec.task.id}; leave it out")
    files, labels = labelled_files(folder, spec.labels)

    def measure(graph: Runtime) -> Measurement:
        scores = [
            graph({"PIXELS": _decoded(files[start : start + spec.max_batch_size], spec)})["SCORES"]
            for start in range(0, len(files), spec.max_batch_size)
        ]
        measured = classification(np.concatenate(scores).astype(np.float32), labels, spec.labels)
        seen = {name: row for name, row in measured.per_class.items() if row["pictures"]}
        count = Figure(f"pictures in {folder.name}", len(files))
        return Measurement((*measured.figures, count), seen)

    return measure


def labelled_files(folder: Path, labels: tuple[str, ...]) -> tuple[list[Path], NDArray[np.int64]]:
    """The pictures below `folder`, and of each the position of its folder's name in `labels`."""
    classes = sorted(child for child in folder.iterdir() if child.is_dir())
    unknown = [child.name for child in classes if child.name not in labels]
    pictures = [
        (file, child.name) for child in classes for file in sorted(child.rglob("*")) if file.suffix.lower() in SUFFIXES
    ]
    if unknown or not pictures:
        found = f"folders such as {', '.join(unknown[:3])}" if unknown else "no pictures"
        raise SourceUnusable(
            f"expected folders of pictures in {folder}, each with the name of one of the {len(labels)} labels "
            f"({', '.join(labels[:3])}, …), got {found}; rename them, or say --labels"
        )
    return [file for file, _ in pictures], np.array([labels.index(name) for _, name in pictures], dtype=np.int64)


def _decoded(files: list[Path], spec: ModelSpec) -> NDArray[np.uint8]:
    pixels: list[NDArray[np.uint8]] = []
    for file in files:
        try:
            pixels.append(decode(file.read_bytes(), spec.pixels))
        except PictureError as error:
            raise SourceUnusable(f"{file}: {error}") from error
    return np.stack(pixels)

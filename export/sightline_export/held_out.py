"""Measuring an imported classifier on labelled pictures: one folder per class, as torchvision's ImageFolder wants."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline_backend.errors import PictureError
from sightline_backend.formats import EXPECTED, describe
from sightline_backend.pixels import decode
from sightline_export.errors import SourceUnusable
from sightline_export.measure import Figure, Measurement, classification, row_names
from sightline_export.model_spec import ModelSpec
from sightline_export.release import Measure
from sightline_export.verification.parity import Runtime

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}
DECODED = {f"a {name} file" for name in ("JPEG", "PNG", "WebP", "BMP", "GIF")}


def measure_on(folder: Path, spec: ModelSpec) -> Measure:
    """Accuracy, calibration and figures per class on the pictures of `folder`, through the function that serves them.

    Raises SourceUnusable where the names of its folders are not labels of the model, or a file is not a picture: at
    once where the first bytes of a file tell, else when it is measured.
    """
    if not spec.labels:
        raise SourceUnusable(f"expected a classifier for --held-out, got the task {spec.task.id}; leave it out")
    files, labels = labelled_files(folder, spec.labels)
    for file in files:
        found = describe(_read(file, 512))
        if found not in DECODED:
            raise SourceUnusable(f"expected {EXPECTED} in {file}, got {found}; convert it, or take it away")

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
    """The pictures below `folder`, and of each the position of its folder's name in `labels`.

    A label that two classes share is told apart by its position: the folders `crane (134)` and `crane (517)`.

    Raises SourceUnusable.
    """
    positions = {name: k for k, name in enumerate(row_names(labels))}
    try:
        classes = sorted(child for child in folder.iterdir() if child.is_dir())
        pictures = [(file, child.name) for child in classes for file in _pictures(child)]
    except OSError as error:
        raise SourceUnusable(
            f"expected folders of pictures that can be read in {folder}, got {error}; see to their permissions"
        ) from error
    unknown = [child.name for child in classes if child.name not in positions]
    shared = [name for name in unknown if name in labels]
    if shared:
        these = " and ".join(repr(name) for name, k in positions.items() if labels[k] == shared[0])
        raise SourceUnusable(
            f"expected folders in {folder} that stand for one class each, got {shared[0]!r}, which is the label of "
            f"{labels.count(shared[0])}; name the folders {these}"
        )
    if unknown or not pictures:
        found = f"folders such as {', '.join(unknown[:3])}" if unknown else "no pictures"
        raise SourceUnusable(
            f"expected folders of pictures in {folder}, each with the name of one of the {len(labels)} labels "
            f"({', '.join(labels[:3])}, …), got {found}; rename them, or say --labels"
        )
    return [file for file, _ in pictures], np.array([positions[name] for _, name in pictures], dtype=np.int64)


def _pictures(folder: Path) -> list[Path]:
    """Also links that lead nowhere: leaving pictures out in silence would change the figures."""
    return sorted(
        Path(place, name)
        for place, _, names in os.walk(folder, onerror=_raise)
        for name in names
        if Path(name).suffix.lower() in SUFFIXES
    )


def _raise(error: OSError) -> None:
    raise error


def _read(file: Path, size: int = -1) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(size)
    except OSError as error:
        raise SourceUnusable(
            f"expected a picture that can be read in {file}, got {error.strerror}; take it away, or see to its "
            "permissions"
        ) from error


def _decoded(files: list[Path], spec: ModelSpec) -> NDArray[np.uint8]:
    pixels: list[NDArray[np.uint8]] = []
    for file in files:
        try:
            pixels.append(decode(_read(file), spec.pixels))
        except PictureError as error:
            raise SourceUnusable(f"{file}: {error}") from error
    return np.stack(pixels)

"""Measuring a classifier on labelled pictures that it was not trained on, by sending it their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline_backend.errors import PictureError
from sightline_backend.steps import files_array
from sightline_export.datasets.image_folder import classes_in, require_pictures
from sightline_export.datasets.labelled import comes_in_halves, labelled
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.errors import SourceUnusable
from sightline_export.measures.classification import classification, row_names
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.release import Measure
from sightline_export.verification.parity import Runtime

_FILES = 64  # read and sent at a time


def measure_on(folder: Path, spec: ModelSpec) -> Measure:
    """Accuracy, calibration and figures per class on the pictures of `folder`, see :func:`half_to_measure`.

    Raises SourceUnusable where its classes are not those of the model, or a file is not a picture: at once where the
    first bytes of a file tell, else when it is measured.
    """
    if not spec.labels:
        raise SourceUnusable(f"expected a classifier for --held-out, got the task {spec.task.id}; leave it out")
    half = half_to_measure(folder, spec.labels)
    return lambda model: measured_on(half, spec.labels, model, folder.name)


def half_to_measure(folder: Path, labels: tuple[str, ...], *, trained_on_part: bool = False) -> Half:
    """The labelled pictures in `folder` that a model of the classes `labels` was not trained on.

    Of a data set that comes in halves (CIFAR-10, MNIST, the folders `train` and `val`) they are the held-out ones. Of
    one folder per class they are all, but for a model that was trained on a part of them the others alone. A label that
    two classes share is told apart by its position: the folders `crane (134)` and `crane (517)`.

    Raises SourceUnusable where there are classes that the model does not know, or a file is no picture.
    """
    if trained_on_part or comes_in_halves(folder):
        data = labelled(folder)
        return Half(data.held_out.pictures, _positions(data.labels, labels, folder)[data.held_out.labels])
    classes = classes_in(folder)
    positions = _positions([name for name, _ in classes], labels, folder)
    files = [file for _, own in classes for file in own]
    if not files:
        raise SourceUnusable(
            f"expected folders of pictures in {folder}, each with the name of one of the {len(labels)} labels "
            f"({', '.join(labels[:3])}, …), got no pictures; name the folder that holds them"
        )
    require_pictures(files)
    return Half(files, np.repeat(positions, [len(own) for _, own in classes]))


def measured_on(half: Half, labels: tuple[str, ...], model: Runtime, name: str) -> Measurement:
    """The figures of `model`, `{"IMAGE": files}` to `{"SCORES": float32 (n, k)}`, on the pictures of `half`.

    name: of the data, for the figure that says how many pictures there were. Classes without pictures have no row.

    Raises SourceUnusable, naming the file that is no picture, or where the model has other classes.
    """
    scores = scores_of(half, model)
    if scores.shape[1] != len(labels):
        raise SourceUnusable(
            f"expected a model of the {len(labels)} classes {', '.join(labels[:3])}, …, got one that gives "
            f"{scores.shape[1]} scores; measure it on data of its own classes"
        )
    measured = classification(scores, half.labels, labels)
    seen = {row: figures for row, figures in measured.per_class.items() if figures["pictures"]}
    return Measurement((*measured.figures, Figure(f"pictures in {name}", len(half))), seen)


def scores_of(half: Half, model: Runtime) -> NDArray[np.float32]:
    """What `model` answers to each picture, (n, k)."""
    parts: list[NDArray[np.float32]] = []
    for start in range(0, len(half), _FILES):
        files = [half.file(index) for index in range(start, min(start + _FILES, len(half)))]
        try:
            answers = model({"IMAGE": files_array([file.content for file in files])})
        except PictureError as error:
            raise _named(half, start, model) or error from error
        parts.append(answers["SCORES"].astype(np.float32))
    return np.concatenate(parts)


def _positions(names: Sequence[str], labels: tuple[str, ...], folder: Path) -> NDArray[np.int64]:
    """Of each class of the data in `folder` its position among `labels`, (n,). Raises SourceUnusable."""
    positions = {name: k for k, name in enumerate(row_names(labels))}
    unknown = [name for name in names if name not in positions]
    shared = [name for name in unknown if name in labels]
    if shared:
        these = " and ".join(repr(name) for name, k in positions.items() if labels[k] == shared[0])
        raise SourceUnusable(
            f"expected folders in {folder} that stand for one class each, got {shared[0]!r}, which is the label of "
            f"{labels.count(shared[0])}; name the folders {these}"
        )
    if unknown:
        raise SourceUnusable(
            f"expected classes of the model ({', '.join(labels[:3])}, …) in {folder}, got {', '.join(unknown[:3])}; "
            "rename them, say --labels where the model is imported, or train a model for them: sightline export NAME "
            f"--data {folder}"
        )
    return np.array([positions[name] for name in names], dtype=np.int64)


def _named(half: Half, start: int, model: Runtime) -> SourceUnusable | None:
    """The error of the first picture from `start` that can't be decoded."""
    for picture, index in zip(half.pictures[start : start + _FILES], range(start, len(half)), strict=False):
        try:
            model({"IMAGE": files_array([half.file(index).content])})
        except PictureError as error:
            return SourceUnusable(f"{picture if isinstance(picture, Path) else f'picture {index}'}: {error}")
    return None

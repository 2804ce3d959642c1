"""Folders of pictures, one per class, as torchvision's ImageFolder wants them.

Either `cat/1.jpg, dog/1.jpg, …`, of which about a fifth of each class is held out (see
:mod:`sightline_export.datasets.lots`), or the halves of the data set themselves: `train/cat/1.jpg, …` and
`val/cat/1.jpg, …` (or `test`, `valid`, `validation`).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from sightline_backend.formats import EXPECTED, describe
from sightline_export.datasets import lots
from sightline_export.datasets.labelled_pictures import Half, LabelledPictures, read
from sightline_export.errors import SourceUnusable

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}
DECODED = {f"a {name} file" for name in ("JPEG", "PNG", "WebP", "BMP", "GIF")}
TRAINING = "train"
HELD_OUT = ("val", "test", "valid", "validation")


def is_image_folder(folder: Path) -> bool:
    """Whether there are folders with pictures in it."""
    return any(pictures for _, pictures in classes_in(folder))


def halves_in(folder: Path) -> tuple[Path, Path] | None:
    """The folders of its training and its held-out pictures; None where it does not come in halves."""
    held_out = next((folder / name for name in HELD_OUT if (folder / name).is_dir()), None)
    return (folder / TRAINING, held_out) if (folder / TRAINING).is_dir() and held_out else None


def load_image_folder(folder: Path) -> LabelledPictures:
    """The pictures below `folder`; the classes are in the order of their names.

    Raises:
        SourceUnusable: fewer than two classes, a class without a picture for each half, classes that are in one half
            only, or a file that is no picture, as far as its first bytes tell.

    >>> load_image_folder(Path("pets")).labels
    ('cat', 'dog')
    """
    if halves := halves_in(folder):
        train, held_out = (_whole(half) for half in halves)
        extra = sorted(held_out.keys() - train.keys())
        if extra:
            raise SourceUnusable(
                f"expected the classes of {halves[0]} in {halves[1]}, got {', '.join(extra[:3])} besides; "
                "name the folders alike"
            )
        how = f"its halves {halves[0].name} and {halves[1].name}"
    else:
        train, held_out = _split(_whole(folder), folder)
        how = f"about {lots.HELD_OUT_SHARE:.0%} of each class held out by a draw that the pictures themselves decide"
    labels = tuple(train)
    count = sum(map(len, (*train.values(), *held_out.values())))
    return LabelledPictures(
        train=_half(train, labels),
        held_out=_half(held_out, labels),
        labels=labels,
        source=f"{count:,} pictures of the folder {folder.resolve().name}, {how}",
        name=folder.resolve().name,
    )


def classes_in(folder: Path) -> list[tuple[str, list[Path]]]:
    """The folders in `folder` by name, each with all pictures below it. Raises SourceUnusable."""
    try:
        classes = sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
        return [(child.name, _pictures(child)) for child in classes]
    except OSError as error:
        raise SourceUnusable(
            f"expected folders of pictures that can be read in {folder}, got {error}; see to their permissions"
        ) from error


def require_pictures(files: list[Path]) -> None:
    """Raise SourceUnusable where the first bytes of a file are not those of a picture that can be decoded."""
    for file in files:
        found = describe(read(file, 512))
        if found not in DECODED:
            raise SourceUnusable(f"expected {EXPECTED} in {file}, got {found}; convert it, or take it away")


def _whole(folder: Path) -> dict[str, list[Path]]:
    classes = dict(classes_in(folder))
    empty = [name for name, files in classes.items() if not files]
    if empty:
        raise SourceUnusable(
            f"expected pictures ({', '.join(sorted(SUFFIXES))}) in every folder of {folder}, got none in {empty[0]}; "
            "take the folder away"
        )
    for files in classes.values():
        require_pictures(files)
    return classes


def _split(classes: dict[str, list[Path]], folder: Path) -> tuple[dict[str, list[Path]], dict[str, list[Path]]]:
    train: dict[str, list[Path]] = {}
    held_out: dict[str, list[Path]] = {}
    for name, files in classes.items():
        drawn = [lots.lot(read(file)) for file in files]
        if len(set(drawn)) < 2:
            raise SourceUnusable(
                f"expected two different pictures or more of every class in {folder}, one to be held out, got "
                f"{len(set(drawn))} of {name}; add some, or take the folder away"
            )
        sides = list(zip(files, lots.held_out(drawn), strict=True))
        train[name] = [file for file, out in sides if not out]
        held_out[name] = [file for file, out in sides if out]
    return train, held_out


def _half(classes: dict[str, list[Path]], labels: tuple[str, ...]) -> Half:
    files = [(file, labels.index(name)) for name, pictures in classes.items() for file in pictures]
    return Half([file for file, _ in files], np.array([label for _, label in files], dtype=np.int64))


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

"""Data sets in the format of MNIST: four idx files, gzipped or not.

Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", http://yann.lecun.com/exdb/mnist/, and
H. Xiao et al., "Fashion-MNIST", 2017, which has the same files. An idx file is two zero bytes, the type (8: uint8), the
number of axes, the length of each axis as a big-endian uint32, and the levels.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline_export.datasets.labelled_pictures import Half, LabelledPictures, read
from sightline_export.errors import SourceUnusable

FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
DIGITS = tuple("0123456789")
LABELS_FILE = "labels.txt"
_MOST = 2**31  # bytes of one file
_STEMS = {"pictures": "images-idx3-ubyte", "labels": "labels-idx1-ubyte"}


def is_mnist(folder: Path) -> bool:
    """Whether the folder holds one of the four files."""
    return any(_found(folder, side, kind) for side in ("train", "t10k") for kind in _STEMS)


def load_mnist(folder: Path) -> LabelledPictures:
    """Read the four idx files in `folder`.

    The classes are called as in `labels.txt` beside them (one name a line), else those of Fashion-MNIST where the
    folder or the one around it says so in its name, else 0 to 9.

    Raises:
        SourceUnusable: a file is missing or damaged.

    >>> load_mnist(Path("data/FashionMNIST/raw")).labels[0]
    'T-shirt/top'
    """
    fashion = any("fashion" in name.lower() for name in folder.resolve().parts[-2:])
    labels = FASHION if fashion else DIGITS
    if (folder / LABELS_FILE).is_file():
        from sightline_export.sources.labels import read_labels

        labels = read_labels(folder / LABELS_FILE)
    return LabelledPictures(
        train=_half(folder, "train"),
        held_out=_half(folder, "t10k"),
        labels=labels,
        source="Fashion-MNIST, H. Xiao et al., 2017"
        if fashion
        else f"idx files of {folder.name}, the format of MNIST (Y. LeCun, C. Cortes, C. Burges)",
        name="Fashion-MNIST" if fashion else folder.name,
        mirrored=fashion,
    )


def _half(folder: Path, side: str) -> Half:
    files = {kind: _found(folder, side, kind) for kind in _STEMS}
    missing = [f"{side}-{_STEMS[kind]}" for kind, file in files.items() if file is None]
    if missing:
        raise SourceUnusable(f"expected {missing[0]} or {missing[0]}.gz in {folder}, got none; fetch all four files")
    pictures, labels = (_read_idx(file, axes) for file, axes in zip(files.values(), (3, 1), strict=True) if file)
    if len(pictures) != len(labels):
        raise SourceUnusable(
            f"expected as many labels as pictures in {folder}, got {len(labels)} and {len(pictures)} of {side}; "
            "fetch the files again"
        )
    return Half(pictures, labels.astype(np.int64))


def _found(folder: Path, side: str, kind: str) -> Path | None:
    stem = f"{side}-{_STEMS[kind]}"
    names = (stem, stem.replace("-idx", ".idx"))  # both are about
    places = [folder / f"{name}{suffix}" for name in names for suffix in ("", ".gz")]
    return next((file for file in places if file.is_file()), None)


def _read_idx(file: Path, axes: int) -> NDArray[np.uint8]:
    """uint8 with `axes` axes."""
    content = _content(file)
    start = 4 + 4 * axes
    if content[:4] != bytes((0, 0, 8, axes)) or len(content) < start:
        raise SourceUnusable(
            f"expected an idx file of uint8 with {axes} axes in {file}, got {content[:4].hex(' ') or 'nothing'} at its "
            "beginning; fetch it again"
        )
    shape = struct.unpack(f">{axes}I", content[4:start])
    if 0 in shape or prod(shape) != len(content) - start:
        raise SourceUnusable(
            f"expected {'x'.join(map(str, shape))} levels in {file}, got {len(content) - start:,} bytes; fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _content(file: Path) -> bytes:
    if file.suffix != ".gz":
        return read(file, _MOST)
    try:
        with gzip.open(file) as opened:
            return opened.read(_MOST)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceUnusable(f"expected a gzip file in {file}, got {error}; fetch it again") from error

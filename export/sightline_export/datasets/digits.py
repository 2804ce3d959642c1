"""The handwritten digits inside scikit-learn: 1,797 real 8x8 scans of 13 people's writing.

They are the test set of the data set; its training set, by 30 others, does not come with scikit-learn.

E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998), CC BY 4.0.
https://archive.ics.uci.edu/dataset/80
"""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.pixels import PixelSpec, decode
from sightline_export.model_spec import PictureFile

LABELS = tuple("0123456789")
HELD_OUT_FRACTION = 0.2
SPLIT_SEED = 20261121
WRITERS = "The split is not by writer: the same 13 people wrote the digits of training and the held-out ones."
SOURCE = (
    "scikit-learn's `load_digits`: 1,797 scans from E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten "
    "Digits*, UCI Machine Learning Repository (1998), CC BY 4.0"
)


@dataclass(frozen=True, eq=False)
class Digits:
    """One side of the split.

    pictures: the scans as PNG files, 8x8 grey, ink bright on dark.
    labels: (n,) int64 in 0..9.
    """

    pictures: tuple[bytes, ...]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.labels.shape != (len(self.pictures),):
            raise ValueError(f"expected {len(self.pictures)} labels, one per picture, got shape {self.labels.shape}")

    def __len__(self) -> int:
        return len(self.pictures)

    def render(self, spec: PixelSpec) -> NDArray[np.uint8]:
        """All pictures (n, h, w, c) uint8, through the very function that decodes requests."""
        return np.stack([decode(picture, spec) for picture in self.pictures])


@cache
def load_digits() -> tuple[Digits, Digits]:
    """The training and the held-out digits; the split is the same on every machine and stratified by digit."""
    import sklearn.datasets  # slow to import
    import sklearn.model_selection

    bunch = cast(Any, sklearn.datasets.load_digits())
    images = cast(NDArray[np.float64], bunch.images)  # (1797, 8, 8) in 0..16
    labels = cast(NDArray[np.int64], bunch.target.astype(np.int64))
    scans = np.round(images * (255 / 16)).astype(np.uint8)
    split = cast(
        list[NDArray[np.intp]],
        sklearn.model_selection.train_test_split(
            np.arange(len(labels)), test_size=HELD_OUT_FRACTION, random_state=SPLIT_SEED, stratify=labels
        ),
    )
    train, held_out = (Digits(pictures=tuple(_png(scans[i]) for i in side), labels=labels[side]) for side in split)
    return train, held_out


def digit_pictures(count: int, size_wh: tuple[int, int]) -> tuple[PictureFile, ...]:
    """Held-out digits as a person would send them, larger, PNG and JPEG in turn: first one of each digit."""
    _, held_out = load_digits()
    if count > len(held_out):
        raise ValueError(f"expected at most {len(held_out)} pictures, got {count}")
    labels = held_out.labels.tolist()
    first = list(dict.fromkeys(labels.index(label) for label in labels))
    others = [index for index in range(len(labels)) if index not in first]
    return tuple(
        _picture(held_out, index, position, size_wh) for position, index in enumerate((first + others)[:count])
    )


def _picture(digits: Digits, index: int, position: int, size_wh: tuple[int, int]) -> PictureFile:
    scan = Image.open(BytesIO(digits.pictures[index]))
    file, (suffix, format) = BytesIO(), (("png", "PNG"), ("jpg", "JPEG"))[position % 2]
    scan.resize(size_wh, Image.Resampling.BICUBIC).convert("RGB").save(file, format=format, quality=92)
    number = "" if position < len(LABELS) else f"-{index}"
    return PictureFile(f"digit-{digits.labels[index]}{number}.{suffix}", file.getvalue())


def _png(grey: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    Image.fromarray(grey).save(file, format="PNG")
    return file.getvalue()

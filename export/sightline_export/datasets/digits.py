"""The handwritten digits inside scikit-learn: 1,797 real 8x8 scans of 43 people's writing.

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

LABELS = tuple("0123456789")
HELD_OUT_FRACTION = 0.2
SPLIT_SEED = 20261121
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


def _png(grey: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    Image.fromarray(grey).save(file, format="PNG")
    return file.getvalue()

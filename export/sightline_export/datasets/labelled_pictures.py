"""Pictures with the class of each, split into a training and a held-out half: what every classifier is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.errors import PictureError
from sightline_backend.pixels import PixelSpec, decode, fit
from sightline_export.datasets.fingerprint import fingerprint
from sightline_export.errors import SourceUnusable
from sightline_export.model_spec import PictureFile


@dataclass(frozen=True, eq=False)
class Half:
    """One side of a split.

    pictures: files or their contents, or decoded pictures (n, h, w) or (n, h, w, 3) uint8.
    labels: (n,) int64, the position of each picture's class in the names of all.
    """

    pictures: Sequence[Path] | Sequence[bytes] | NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.labels.shape != (len(self.pictures),):
            raise ValueError(f"expected {len(self.pictures)} labels, one per picture, got shape {self.labels.shape}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def fingerprint(self) -> str:
        """Which pictures these are, of which classes."""
        return fingerprint(self.pictures, [self.labels])

    def some(self, indices: Sequence[int]) -> Half:
        """These pictures, in this order."""
        labels = self.labels[np.array(indices, dtype=np.intp)]
        if isinstance(self.pictures, np.ndarray):
            return Half(self.pictures[np.array(indices, dtype=np.intp)], labels)
        return Half(cast("Sequence[Path]", [self.pictures[index] for index in indices]), labels)

    def render(self, spec: PixelSpec) -> NDArray[np.uint8]:
        """All pictures (n, h, w, c) uint8, through the functions that decode requests.

        Raises SourceUnusable, naming the file that is no picture.
        """
        pixels = np.empty((len(self), *spec.shape), np.uint8)
        for index, picture in enumerate(self.pictures):
            pixels[index] = fit(_image(picture), spec) if isinstance(picture, np.ndarray) else _decoded(picture, spec)
        return pixels

    def file(self, index: int) -> PictureFile:
        """One picture as a user would send it; decoded ones as PNG."""
        picture = self.pictures[index]
        if isinstance(picture, Path):
            return PictureFile(f"{picture.parent.name}-{picture.name}", read(picture))
        if isinstance(picture, bytes):
            return PictureFile(f"picture-{index}.png", picture)
        file = BytesIO()
        _image(picture).save(file, format="PNG")
        return PictureFile(f"picture-{index}.png", file.getvalue())

    def first_of_each(self, count: int) -> list[int]:
        """`count` positions, or as many as there are: first one of each class, then the others in their order."""
        first = sorted(np.unique(self.labels, return_index=True)[1].tolist())
        others = sorted(set(range(len(self))) - set(first))
        return (first + others)[:count]


@dataclass(frozen=True, eq=False)
class LabelledPictures:
    """A data set of classification.

    labels: names of the classes. source: what it is, for the card. name: of the data set, in a word or two.
    mirrored: whether a picture and its mirror image are of the same class, so that training may flip them.
    """

    train: Half
    held_out: Half
    labels: tuple[str, ...]
    source: str
    name: str
    mirrored: bool = False

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise SourceUnusable(
                f"expected two classes or more in {self.name}, got {', '.join(self.labels) or 'none'}; add the others"
            )
        odd = [label for label in self.labels if not label.strip() or not label.isprintable()]
        if odd:
            raise SourceUnusable(f"expected names of classes of one line of text, got {odd[0]!r}; rename it")
        for side, half in (("training", self.train), ("held-out", self.held_out)):
            if not len(half):
                raise SourceUnusable(f"expected {side} pictures in {self.name}, got none; add some")
            if half.labels.min() < 0 or half.labels.max() >= len(self.labels):
                raise SourceUnusable(
                    f"expected {side} labels of {self.name} from 0 to {len(self.labels) - 1}, got "
                    f"{half.labels.min()} to {half.labels.max()}; the file is damaged, or names of classes are missing"
                )


def read(file: Path, size: int = -1) -> bytes:
    """The first `size` bytes of a file, or all. Raises SourceUnusable."""
    try:
        with file.open("rb") as opened:
            return opened.read(size)
    except OSError as error:
        raise SourceUnusable(
            f"expected a picture that can be read in {file}, got {error.strerror}; take it away, or see to its "
            "permissions"
        ) from error


def _decoded(picture: Path | bytes, spec: PixelSpec) -> NDArray[np.uint8]:
    try:
        return decode(picture if isinstance(picture, bytes) else read(picture), spec)
    except PictureError as error:
        raise SourceUnusable(f"{picture if isinstance(picture, Path) else 'a picture'}: {error}") from error


def _image(picture: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(picture)

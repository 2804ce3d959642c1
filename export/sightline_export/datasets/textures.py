"""Photographs for backgrounds and for enhancers: those inside scikit-image and the two inside scikit-learn.

Only files that come with the installed packages are read; nothing is downloaded. The split is by picture: no part of a
held-out picture is ever seen in training.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Split = Literal["train", "held_out"]

SOURCE = (
    "photographs of scikit-image (astronaut, Hubble deep field: NASA, public domain; rocket: SpaceX, public domain; "
    "brick, grass, gravel, camera, chelsea, coffee, retina: CC0; coins, tissue: no known copyright restrictions) and "
    "of scikit-learn (csfotografie, vultilion; CC BY 2.0)"
)


@dataclass(frozen=True)
class _Origin:
    file: str
    licence: str
    split: Split


# Motorcycle and moon are left out: scikit-image names no licence for them. Clock and text have numerals on them.
_BUNDLED = (
    _Origin("astronaut.png", "public domain (NASA)", "train"),
    _Origin("brick.png", "CC0 (cc0textures.com)", "train"),
    _Origin("camera.png", "CC0 (Lav Varshney)", "train"),
    _Origin("chelsea.png", "CC0 (Stefan van der Walt)", "train"),
    _Origin("coffee.png", "CC0 (Rachel Michetti)", "train"),
    _Origin("grass.png", "CC0 (cc0textures.com)", "train"),
    _Origin("hubble_deep_field.jpg", "public domain (NASA)", "train"),
    _Origin("ihc.png", "no known copyright restrictions (CMMI)", "train"),
    _Origin("coins.png", "no known copyright restrictions (Brooklyn Museum)", "held_out"),
    _Origin("gravel.png", "CC0 (cc0textures.com)", "held_out"),
    _Origin("retina.jpg", "CC0 (Mikael Häggström)", "held_out"),
    _Origin("rocket.jpg", "public domain (SpaceX)", "held_out"),
)
_PHOTOGRAPHS = (
    _Origin("china.jpg", "CC BY 2.0 (csfotografie)", "held_out"),
    _Origin("flower.jpg", "CC BY 2.0 (vultilion)", "train"),
)


@dataclass(frozen=True, eq=False)
class Texture:
    """One photograph.

    name: of its file, without the suffix. pixels: (h, w, 3) uint8 RGB, grey ones with three equal channels.
    licence: its terms, and who made it.
    """

    name: str
    pixels: NDArray[np.uint8]
    licence: str

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"expected pixels (h, w, 3) uint8, got {self.pixels.shape} {self.pixels.dtype}")


@cache
def textures(split: Split) -> tuple[Texture, ...]:
    """The photographs of one side of the split, in the order of their names.

    Raises FileNotFoundError where scikit-image or one of its pictures is not installed.

    >>> [texture.name for texture in textures("held_out")]
    ['china', 'coins', 'gravel', 'retina', 'rocket']
    """
    loaded = [_bundled(origin) for origin in _BUNDLED if origin.split == split]
    loaded += [_photograph(origin) for origin in _PHOTOGRAPHS if origin.split == split]
    return tuple(sorted(loaded, key=lambda texture: texture.name))


def _bundled(origin: _Origin) -> Texture:
    path = _folder() / origin.file
    if not path.is_file():
        raise FileNotFoundError(
            f"expected scikit-image's picture {origin.file}, got no file at {path}; install scikit-image anew"
        )
    image = Image.open(path).convert("RGB")  # reads the file to its end, and closes it
    return Texture(path.stem, np.array(image), origin.licence)


@cache
def _folder() -> Path:
    # Found without importing skimage, which takes long, and without its fetchers, which may download.
    package = find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError(
            "expected the package scikit-image with its pictures, got none; install it with: pip install scikit-image"
        )
    return Path(package.submodule_search_locations[0]) / "data"


def _photograph(origin: _Origin) -> Texture:
    import sklearn.datasets  # slow to import

    pixels = cast(NDArray[np.uint8], cast(Any, sklearn.datasets).load_sample_image(origin.file))
    return Texture(Path(origin.file).stem, np.array(pixels), origin.licence)

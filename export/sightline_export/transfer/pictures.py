"""Training pictures, each time seen a little differently: the field's augmentations on decoded files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sightline_backend.errors import PictureError
from sightline_backend.modes import to_mode
from sightline_backend.pictures import open_reduced
from sightline_backend.pixels import PixelSpec, fit
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.errors import SourceUnusable
from sightline_export.sources.torchvision_operators import declare_operators

MOST_KEPT = 2**30  # bytes of decoded pictures; what is beyond is decoded every time
JITTER = {"brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.02}


class TrainingPictures:
    """The pictures of `half` for a network that takes `spec`.

    smallest_crop: the least share of a picture's area that a random crop shows. flip: whether it may be mirrored.
    """

    def __init__(self, half: Half, spec: PixelSpec, *, smallest_crop: float, flip: bool) -> None:
        self._half = half
        self._spec = replace(spec, fit="squash", shorter_side=None)
        # Twice the network's size in the smallest crop is more than resampling can show.
        self._side = round(2 * max(spec.width, spec.height) / smallest_crop**0.5)
        self._augment = _augmentation(spec, smallest_crop, flip)
        self._kept: dict[int, Image.Image] = {}
        self._bytes = 0

    def batch(self, indices: Iterable[int]) -> Tensor:
        """uint8 (b, c, h, w), drawn with PyTorch's global generator. Raises SourceUnusable."""
        pixels = [fit(self._augment(self._picture(index)), self._spec) for index in indices]
        return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)

    def _picture(self, index: int) -> Image.Image:
        if index in self._kept:
            return self._kept[index]
        file = self._half.file(index)
        try:
            image = to_mode(open_reduced(file.content, lambda _: (self._side, self._side)).image, self._spec.mode)
        except (PictureError, ValueError) as error:
            raise SourceUnusable(f"{file.name}: {error}") from error
        scale = self._side / min(image.size)
        if scale < 1:
            image = image.resize((round(image.width * scale), round(image.height * scale)), reducing_gap=2)
        size = image.width * image.height * self._spec.channels
        if self._bytes + size <= MOST_KEPT:
            self._kept[index] = image
            self._bytes += size
        return image


def _augmentation(spec: PixelSpec, smallest_crop: float, flip: bool) -> Callable[[Image.Image], Image.Image]:
    if find_spec("torchvision") is None:
        raise SourceUnusable(
            "expected torchvision for the augmentations of training, it is not installed; run: pip install "
            "'sightline-export[models]'"
        )
    declare_operators()
    from torchvision.transforms import v2

    crop = v2.RandomResizedCrop(
        (spec.height, spec.width), scale=(smallest_crop, 1), interpolation=v2.InterpolationMode(spec.resample)
    )
    steps = [crop, *([v2.RandomHorizontalFlip()] if flip else []), v2.ColorJitter(**JITTER)]
    return cast(Any, v2.Compose(steps))

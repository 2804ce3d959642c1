"""Patches of photographs, drawn at random places, sizes, orientations and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sightline_export.training.degradation import halved


@dataclass(frozen=True, eq=False)
class PatchSource:
    """Photographs (h, w, 3) uint8 with even sides, and each at half its size, pixel (y, x) of which covers (2y, 2x).

    Photographs count by their area, but none more than `most` pixels: a large one would crowd out the others.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    halves: tuple[NDArray[np.uint8], ...]
    most: int = 512 * 512

    def __post_init__(self) -> None:
        if not self.pictures or len(self.pictures) != len(self.halves):
            raise ValueError(f"expected pictures and as many halves, got {len(self.pictures)} and {len(self.halves)}")

    @classmethod
    def of(cls, photographs: Sequence[NDArray[np.uint8]], least: int, levels: int = 2) -> PatchSource:
        """The photographs, and each at half its size, `levels` of them, while its shorter side is at least `least`."""
        pictures: list[NDArray[np.uint8]] = []
        for photograph in photographs:
            picture = even(photograph)
            for _ in range(levels):
                if min(picture.shape[:2]) < least:
                    break
                pictures.append(picture)
                picture = even(halved(picture))
        return cls(tuple(pictures), tuple(halved(picture) for picture in pictures))

    def draw(self, count: int, side: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """`count` patches (count, 3, side, side) in [0, 1], and the same at half their size; `side` is even."""
        weights = torch.tensor([float(min(p.shape[0] * p.shape[1], self.most)) for p in self.pictures])
        chosen = torch.multinomial(weights, count, replacement=True, generator=generator)
        large = torch.empty(count, 3, side, side)
        small = torch.empty(count, 3, side // 2, side // 2)
        for row, index in enumerate(map(int, chosen)):
            h, w, _ = self.pictures[index].shape
            # places in pixels of the half, so that both patches cover the same
            top = int(torch.randint((h - side) // 2 + 1, (1,), generator=generator))
            left = int(torch.randint((w - side) // 2 + 1, (1,), generator=generator))
            turn = int(torch.randint(8, (1,), generator=generator))
            large[row] = _turned(self.pictures[index], 2 * top, 2 * left, side, turn)
            small[row] = _turned(self.halves[index], top, left, side // 2, turn)
        order = torch.stack([torch.randperm(3, generator=generator) for _ in range(count)])  # of the colours
        places = torch.arange(count)[:, None]
        return large[places, order], small[places, order]


def _turned(picture: NDArray[np.uint8], top: int, left: int, side: int, turn: int) -> Tensor:
    patch = torch.from_numpy(picture[top : top + side, left : left + side]).permute(2, 0, 1)
    patch = patch.flip(1) if turn >= 4 else patch
    return patch.rot90(turn % 4, dims=(1, 2)).float() / 255


def even(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture (h, w, c) without its last row and column where their number is odd."""
    h, w, _ = picture.shape
    return picture[: h - h % 2, : w - w % 2]

"""From the uint8 levels of a decoded picture to the numbers that a network was trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

ChannelOrder = Literal["rgb", "bgr"]


@dataclass(frozen=True)
class Normalisation:
    """x = (level * scale - mean) / std, per channel.

    scale: 1/255 brings levels to [0, 1]; 1 leaves them as they are.
    mean, std: in the unit after scaling; one value for all channels, or one per channel in the network's order.
    channel_order: the order in which the network takes the channels; pictures are always decoded to rgb.

    >>> Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))(torch.zeros(1, 3, 2, 2)).shape
    torch.Size([1, 3, 2, 2])
    """

    scale: float = 1 / 255
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    channel_order: ChannelOrder = "rgb"

    def __post_init__(self) -> None:
        if not self.scale > 0 or not all(value > 0 for value in self.std):
            raise ValueError(f"expected a scale and standard deviations above 0, got {self.scale} and {self.std}")
        if not all(map(math.isfinite, (self.scale, *self.mean, *self.std))):
            raise ValueError(
                f"expected finite numbers for scale, mean and std, got {self.scale:g}, {list(self.mean)} and "
                f"{list(self.std)}; change the one that is not"
            )
        if any(len(values) not in (1, 3) for values in (self.mean, self.std)):
            raise ValueError(f"expected 1 or 3 values of mean and std, got {self.mean} and {self.std}")

    def __call__(self, levels: Tensor) -> Tensor:
        """levels: float (B, C, h, w) in 0..255, rgb or grey. Gives the same shape, in the network's channel order."""
        if self.channel_order == "bgr":
            levels = levels.flip(1)
        mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        return (levels * self.scale - mean) / std


ZERO_TO_ONE = Normalisation()
PLUS_MINUS_ONE = Normalisation(mean=(0.5,), std=(0.5,))
IMAGENET = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))

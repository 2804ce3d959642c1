"""Twice the resolution: bicubic interpolation, and what it lacks from a small sub-pixel network.

Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
Network", 2016 (ESPCN): all convolutions run at the input's resolution, and the last one gives 2 x 2 pixels for each. It
learns the difference to bicubic interpolation only, as VDSR does (Kim et al., "Accurate Image Super-Resolution Using
Very Deep Convolutional Networks", 2016).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SCALE = 2


@dataclass(frozen=True)
class SuperResolutionConfig:
    channels: int = 3
    width: int = 24
    blocks: int = 2

    @property
    def radius(self) -> int:
        """How far a pixel of the answer sees, in pixels of the small picture: a 5x5 convolution, then 3x3 ones."""
        return 2 + 2 * self.blocks + 1


class SuperResolution(nn.Module):
    """Pictures (B, 3, h, w) in [-1, 1] to pictures (B, 3, 2h, 2w).

    >>> SuperResolution(SuperResolutionConfig())(torch.zeros(2, 3, 32, 48)).shape
    torch.Size([2, 3, 64, 96])
    """

    def __init__(self, config: SuperResolutionConfig) -> None:
        super().__init__()
        self.bicubic = Bicubic(config.channels)
        self.first = nn.Conv2d(config.channels, config.width, kernel_size=5, padding=2)
        self.blocks = nn.Sequential(*(Block(config.width) for _ in range(config.blocks)))
        self.last = nn.Conv2d(config.width, config.channels * SCALE**2, kernel_size=3, padding=1)
        nn.init.zeros_(self.last.weight)  # begins as bicubic interpolation

    def forward(self, x: Tensor) -> Tensor:
        # x: (B, 3, h, w)
        y = self.blocks(self.first(x))  # (B, 24, h, w)
        detail = F.pixel_shuffle(self.last(y), SCALE)  # (B, 12, h, w) -> (B, 3, 2h, 2w)
        return self.bicubic(x) + detail


class Block(nn.Module):
    """What two convolutions add to (B, w, h, w); the residual block of EDSR (Lim et al. 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(self.conv1(x).relu())


class Bicubic(nn.Module):
    """Bicubic interpolation to twice the size as a fixed sub-pixel convolution; inside, Pillow gives the same levels.

    Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2.
    """

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        # A new pixel lies a quarter of a pixel before or behind an old one: 4 of the 5 nearest count.
        behind = [_cubic(offset - 0.25) for offset in range(-2, 3)]
        phases = torch.tensor([behind[::-1], behind])  # (2, 5): before, behind
        kernel = torch.einsum("py,qx->pqyx", phases, phases).reshape(SCALE**2, 1, 5, 5)
        self.channels = channels
        self.register_buffer("kernel", kernel.repeat(channels, 1, 1, 1), persistent=False)  # (4c, 1, 5, 5)

    def forward(self, x: Tensor) -> Tensor:
        # x: (B, c, h, w)
        return F.pixel_shuffle(F.conv2d(x, self.kernel, padding=2, groups=self.channels), SCALE)  # (B, c, 2h, 2w)


def _cubic(distance: float, a: float = -0.5) -> float:
    """Keys' kernel: the weight of a pixel at this distance.

    >>> [_cubic(distance) for distance in (0, 1, 2)]
    [1.0, 0.0, 0.0]
    """
    d = abs(distance)
    if d < 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * (d**3 - 5 * d**2 + 8 * d - 4) if d < 2 else 0.0

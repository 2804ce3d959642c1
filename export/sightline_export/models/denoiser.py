"""A small convolutional denoiser: half the resolution, residual blocks, and the noise as the answer.

The arrangement is that of FFDNet (Zhang et al., "FFDNet: Toward a Fast and Flexible Solution for CNN based Image
Denoising", 2018), which works on four sub-pictures of half the size. Unlike FFDNet it is blind: it is not told how much
noise there is, and predicts the noise rather than the clean picture, as DnCNN does (Zhang et al., "Beyond a Gaussian
Denoiser", 2017). Its convolutions come in the residual blocks of EDSR (Lim et al., "Enhanced Deep Residual Networks for
Single Image Super-Resolution", 2017), which learn in a tenth of the steps that a plain stack takes.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class DenoiserConfig:
    channels: int = 3
    width: int = 32
    blocks: int = 3
    stride: int = 2  # the picture is cut into 2 x 2 sub-pictures

    @property
    def radius(self) -> int:
        """How far a pixel of the answer sees, in pixels of the picture: one step of the grid for each convolution."""
        return self.stride * (2 * self.blocks + 2) + self.stride - 1


class Denoiser(nn.Module):
    """Noisy pictures (B, 3, H, W) in [-1, 1] to clean ones of the same shape; H and W are even.

    >>> Denoiser(DenoiserConfig())(torch.zeros(2, 3, 64, 48)).shape
    torch.Size([2, 3, 64, 48])
    """

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        sub_pictures = config.channels * config.stride**2
        self.stride = config.stride
        self.first = nn.Conv2d(sub_pictures, config.width, kernel_size=3, padding=1)
        self.blocks = nn.Sequential(*(Block(config.width) for _ in range(config.blocks)))
        self.last = nn.Conv2d(config.width, sub_pictures, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        # x: (B, 3, H, W)
        y = self.first(F.pixel_unshuffle(x, self.stride))  # (B, 12, H/2, W/2) -> (B, 32, H/2, W/2)
        y = self.blocks(y)  # (B, 32, H/2, W/2)
        noise = F.pixel_shuffle(self.last(y), self.stride)  # (B, 12, H/2, W/2) -> (B, 3, H, W)
        return x - noise


class Block(nn.Module):
    """What two convolutions add to (B, w, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(self.conv1(x).relu())

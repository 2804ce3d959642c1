"""A feed-forward network that paints a picture anew in the one style that it was trained on.

Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", 2016, with fewer channels, and
with nearest-neighbour enlargement before a convolution in place of a transposed one, which leaves no checkerboard
(Odena et al., "Deconvolution and Checkerboard Artifacts", 2016). Its normalisation is batch normalisation, which at
inference is fixed: instance normalisation would look at the whole picture, and tiles would not fit together.

Where a picture is flat, such a network has nothing to make strokes of. Ulyanov et al., "Texture Networks: Feed-forward
Synthesis of Textures and Stylized Images", 2016, give theirs noise besides the picture. This one sees a canvas that
always is the same and repeats, so that tiles fit together here as well.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

STRIDE = 4


@dataclass(frozen=True)
class StyleTransferConfig:
    channels: int = 3
    widths: tuple[int, int, int] = (16, 32, 48)  # at the picture's resolution, half and a quarter of it
    blocks: int = 3

    @property
    def radius(self) -> int:
        """How far a pixel of the answer sees, in pixels of the picture, at most."""
        down = 2 + 1 + 2  # 5x5, then 3x3 at the full and at half the resolution
        up = 2 + 1 + 2  # 3x3 at half and at the full resolution, then 5x5
        return down + STRIDE * 2 * self.blocks + up + STRIDE - 1


class StyleTransfer(nn.Module):
    """Pictures (B, 3, H, W) in [-1, 1] to painted ones of the same shape and range; H and W are multiples of 4.

    canvas: (layers, p, p) uint8, repeated from the upper left corner of every picture: two pictures are painted alike
        where one is the other moved by a multiple of p. p is a multiple of 4.

    >>> canvas = torch.zeros(2, 16, 16, dtype=torch.uint8)
    >>> StyleTransfer(StyleTransferConfig(), canvas)(torch.zeros(2, 3, 64, 48)).shape
    torch.Size([2, 3, 64, 48])
    """

    canvas: Tensor

    def __init__(self, config: StyleTransferConfig, canvas: Tensor) -> None:
        super().__init__()
        self.register_buffer("canvas", canvas.float() / 127.5 - 1)
        full, half, quarter = config.widths
        self.down = nn.Sequential(
            _convolution(config.channels + canvas.shape[0], full, kernel_size=5),
            _convolution(full, half, stride=2),
            _convolution(half, quarter, stride=2),
        )
        self.blocks = nn.Sequential(*(Block(quarter) for _ in range(config.blocks)))
        self.up = nn.Sequential(
            nn.Upsample(scale_factor=2),
            _convolution(quarter, half),
            nn.Upsample(scale_factor=2),
            _convolution(half, full),
        )
        self.last = nn.Conv2d(full, config.channels, kernel_size=5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        # x: (B, 3, H, W)
        b, _, h, w = x.shape
        p = self.canvas.shape[1]
        canvas = self.canvas.repeat(1, -(-h // p), -(-w // p))[:, :h, :w]
        y = torch.cat([x, canvas.expand(b, -1, -1, -1)], dim=1)  # (B, 5, H, W)
        y = self.down(y)  # (B, 48, H/4, W/4)
        y = self.up(self.blocks(y))  # (B, 16, H, W)
        return self.last(y).tanh()  # (B, 3, H, W)


class Block(nn.Module):
    """What two convolutions add to (B, w, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x))


def _convolution(before: int, after: int, kernel_size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel_size, stride, padding=kernel_size // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )

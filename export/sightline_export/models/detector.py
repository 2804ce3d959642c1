"""A small one-stage detector: what lies where, in one pass.

Lin et al., "Focal Loss for Dense Object Detection" (RetinaNet, 2017): one sub-network says the class at every position,
another, of the same shape but with its own weights, says the box. As in Tian et al., "FCOS" (2019), and Zhou et al.,
"Objects as Points" (2019), there are no anchors: a position answers for the object whose centre is near. The positions
are 8 pixels apart and see two scales, joined as in Lin et al., "Feature Pyramid Networks" (2017), on residual blocks
(He et al. 2016).
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class DetectorConfig:
    image_size: int = 128  # pictures are square
    classes: int = 10
    widths: tuple[int, int, int, int] = (24, 48, 96, 128)  # at 1/2, 1/4, 1/8 and 1/16 of the picture
    head_width: int = 96
    head_depth: int = 2  # convolutions of a sub-network before its last
    stride: int = 8  # pixels between positions
    prior: float = 0.01  # the score of every class at every position before training

    @property
    def grid(self) -> int:
        """Positions per side."""
        return self.image_size // self.stride


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut: (B, width, h, w) to the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = convolution(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.second(self.first(x))).relu()


def convolution(wide_in: int, wide_out: int, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(wide_in, wide_out, 3, stride, 1, bias=False), nn.BatchNorm2d(wide_out), nn.ReLU(inplace=True)
    )


def positions(grid: int, stride: int) -> Tensor:
    """The middle of every cell of a grid, x and y in pixels: (grid², 2), row by row.

    >>> positions(2, 8).tolist()
    [[4.0, 4.0], [12.0, 4.0], [4.0, 12.0], [12.0, 12.0]]
    """
    y, x = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")  # each (grid, grid)
    return (torch.stack([x, y], dim=-1).reshape(-1, 2) + 0.5) * stride


class Detector(nn.Module):
    """Normalised pictures (B, 3, 128, 128) to logits (B, 256, 10) and boxes xyxy in pixels (B, 256, 4).

    A position has one logit per class, each its own question: is there such an object here?

    >>> logits, boxes = Detector(DetectorConfig())(torch.zeros(2, 3, 128, 128))
    >>> logits.shape, boxes.shape
    (torch.Size([2, 256, 10]), torch.Size([2, 256, 4]))
    """

    positions: Tensor

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = config.widths
        self.stride = config.stride
        self.fine = nn.Sequential(
            convolution(3, half, stride=2),  # (B, 24, 64, 64)
            convolution(half, quarter, stride=2),  # (B, 48, 32, 32)
            Residual(quarter),
            convolution(quarter, eighth, stride=2),  # (B, 96, 16, 16)
            Residual(eighth),
        )
        self.coarse = nn.Sequential(convolution(eighth, sixteenth, stride=2), Residual(sixteenth))  # (B, 128, 8, 8)
        self.from_fine = nn.Conv2d(eighth, config.head_width, 1)
        self.from_coarse = nn.Conv2d(sixteenth, config.head_width, 1)
        self.classes = subnetwork(config, config.classes, first=math.log(config.prior / (1 - config.prior)))
        self.boxes = subnetwork(config, 4, first=0.0)
        self.register_buffer("positions", positions(config.grid, config.stride), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.fine(x)  # (B, 3, 128, 128) -> (B, 96, 16, 16)
        coarse = self.coarse(fine)  # (B, 128, 8, 8)
        joined = self.from_fine(fine) + F.interpolate(self.from_coarse(coarse), scale_factor=2.0)  # (B, 96, 16, 16)
        logits = self.classes(joined).flatten(2).transpose(1, 2)  # (B, 10, 16, 16) -> (B, 256, 10)
        shifts = self.boxes(joined).flatten(2).transpose(1, 2)  # (B, 256, 4)
        centres = self.positions + self.stride * shifts[..., :2]  # (B, 256, 2)
        halves = self.stride * shifts[..., 2:].clamp(-4, 4).exp() / 2  # of width and height, (B, 256, 2)
        return logits, torch.cat([centres - halves, centres + halves], dim=-1)


def subnetwork(config: DetectorConfig, outputs: int, first: float) -> nn.Sequential:
    """(B, 96, 16, 16) to (B, outputs, 16, 16), of which everything is near `first` before training."""
    layers: list[nn.Module] = [convolution(config.head_width, config.head_width) for _ in range(config.head_depth)]
    last = nn.Conv2d(config.head_width, outputs, 3, padding=1, bias=True)
    nn.init.normal_(last.weight, std=0.01)
    nn.init.constant_(cast(Tensor, last.bias), first)
    return nn.Sequential(*layers, last)

"""A small classifier of textures, whose features tell what a picture shows and how it is painted.

The arrangement is that of VGG (Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition", 2015) with batch normalisation, and average pooling as Gatys et al. ("Image Style Transfer Using
Convolutional Neural Networks", 2016) recommend for style.
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn


@dataclass(frozen=True)
class TextureClassifierConfig:
    classes: int
    channels: int = 3
    widths: tuple[int, ...] = (16, 32, 64, 64)


class TextureClassifier(nn.Module):
    """Pictures (B, 3, h, w) in [-1, 1] to logits (B, classes); h and w are at least 8.

    >>> TextureClassifier(TextureClassifierConfig(classes=5))(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 5])
    """

    def __init__(self, config: TextureClassifierConfig) -> None:
        super().__init__()
        ends = (config.channels, *config.widths)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
            )
            for before, after in pairwise(ends)
        )
        self.pool = nn.AvgPool2d(2)
        self.head = nn.Linear(config.widths[-1], config.classes)

    def features(self, x: Tensor) -> list[Tensor]:
        """After each stage: (B, 16, h, w), (B, 32, h/2, w/2), (B, 64, h/4, w/4), (B, 64, h/8, w/8)."""
        found: list[Tensor] = []
        for stage in self.stages:
            x = stage(self.pool(x) if found else x)
            found.append(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x)[-1].mean(dim=(2, 3)))  # (B, 64) -> (B, classes)

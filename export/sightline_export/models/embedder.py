"""A small residual network that turns a picture into a vector; pictures of one identity lie close in angle.

The blocks are those of He et al., "Deep Residual Learning for Image Recognition" (2015), with PReLU (He et al.,
"Delving Deep into Rectifiers", 2015). The end is that of Deng et al., "ArcFace" (2019), section 3.1: no pooling, since
where a feature lies matters, but batch normalisation, dropout, a linear layer and batch normalisation once more.
"""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class EmbedderConfig:
    image_size: int = 64  # pictures are square
    channels: int = 3
    widths: tuple[int, int, int] = (16, 32, 64)
    dimensions: int = 64
    dropout: float = 0.2


class Residual(nn.Module):
    """(B, C, H, W) to the same shape: x + conv(conv(x))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.act1 = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.act2 = nn.PReLU(width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.act1(self.norm1(self.conv1(x)))  # (B, C, H, W)
        return self.act2(x + self.norm2(self.conv2(y)))  # (B, C, H, W)


class Embedder(nn.Module):
    """Normalised pictures (B, 3, 64, 64) to vectors (B, 64), not of unit length: the served graph sees to that.

    >>> Embedder(EmbedderConfig())(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 64])
    """

    def __init__(self, config: EmbedderConfig) -> None:
        super().__init__()
        first, second, third = config.widths
        side = config.image_size // 8  # three strides of 2
        self.stem = _halve(config.channels, first)
        self.stage1 = nn.Sequential(_halve(first, second), Residual(second))
        self.stage2 = nn.Sequential(_halve(second, third), Residual(third))
        self.norm = nn.BatchNorm2d(third)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(third * side * side, config.dimensions)
        self.head_norm = nn.BatchNorm1d(config.dimensions)

    def forward(self, x: Tensor) -> Tensor:
        # x: (B, 3, 64, 64)
        x = self.stem(x)  # (B, 16, 32, 32)
        x = self.stage1(x)  # (B, 32, 16, 16)
        x = self.stage2(x)  # (B, 64, 8, 8)
        x = self.dropout(self.norm(x)).flatten(1)  # (B, 4096)
        return self.head_norm(self.head(x))  # (B, 64)


def _halve(before: int, after: int) -> nn.Sequential:
    """(B, before, H, W) to (B, after, H / 2, W / 2)."""
    return nn.Sequential(
        nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.PReLU(after),
    )

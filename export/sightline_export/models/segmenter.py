"""A segmentation network: an encoder, a decoder, and what the encoder saw finely handed over to the decoder.

Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015). Fine and coarse maps are
added, as in Lin et al., "Feature Pyramid Networks for Object Detection" (2017), on residual blocks (He et al. 2016)
with batch normalisation (Ioffe & Szegedy 2015). Four things make it quick to train and to run on a CPU:

- The first convolution halves the picture at once.
- Whether a pixel belongs to an object at all needs sharp edges, which object it is needs a wide view. So the decoder
  answers the second question at a quarter of the picture, and only the first one at its full size.
- At last neighbours vote on which object it is: a stroke is rarely one digit here and another a little further.
- The four pixels of each 2x2 square come out as channels, which are then put in their places (Shi et al., "Real-Time
  Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network", 2016).
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VOTERS = 5  # side of the neighbourhood, in places at a quarter of the picture


@dataclass(frozen=True)
class SegmenterConfig:
    """widths: at a half, a quarter, an eighth and so on of the picture; the classes are told apart at the second."""

    channels: int = 3
    classes: int = 11  # the background and ten objects
    widths: tuple[int, ...] = (16, 48, 96, 128)

    def __post_init__(self) -> None:
        if self.classes < 2 or len(self.widths) < 2:
            raise ValueError(
                f"expected at least 2 classes and 2 widths, got {self.classes} and {len(self.widths)}; one class would "
                "be the background alone"
            )


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut: (B, width, h, w) to the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.second(self.first(x))).relu()


class Join(nn.Module):
    """A fine map (B, fine, h, w), and what a coarse one (B, coarse, h / 2, w / 2) says about it: (B, fine, h, w)."""

    def __init__(self, fine: int, coarse: int, after: nn.Module) -> None:
        super().__init__()
        self.from_fine = nn.Conv2d(fine, fine, 1)
        self.from_coarse = nn.Conv2d(coarse, fine, 1)
        self.after = after

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        return self.after(self.from_fine(fine) + F.interpolate(self.from_coarse(coarse), scale_factor=2.0))


class Segmenter(nn.Module):
    """Normalised pictures (B, 3, H, W) to a score of each class for each pixel (B, 11, H, W).

    The largest score is the answer: class 0 unless the pixel belongs to an object. H and W are multiples of 16, of
    2 ** n with n widths.

    >>> Segmenter(SegmenterConfig())(torch.zeros(2, 3, 128, 96)).shape
    torch.Size([2, 11, 128, 96])
    """

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__()
        self.config = config
        first, second, *_ = config.widths
        pairs = list(pairwise(config.widths))  # from a finer map to the next coarser one
        self.stem = _convolution(config.channels, first, side=4, stride=2)
        self.encoder = nn.ModuleList(
            nn.Sequential(_convolution(fine, coarse, stride=2), Residual(coarse)) for fine, coarse in pairs
        )
        # Deeper where edges are found (few channels) and where objects are told apart (few places): both cost little.
        self.decoder = nn.ModuleList(
            Join(fine, coarse, _convolution(fine, fine) if level == 1 else Residual(fine))
            for level, (fine, coarse) in reversed(list(enumerate(pairs)))
        )
        self.kind = nn.Conv2d(second, config.classes - 1, 1)
        self.mask = nn.Conv2d(first, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        mask, kinds = self.mask_and_kinds(x)  # (B, 1, 128, 128), (B, 10, 32, 32)
        kinds = F.interpolate(votes(mask, kinds), scale_factor=4, mode="bilinear")  # (B, 10, 128, 128)
        objects = mask + kinds - kinds.amax(dim=1, keepdim=True)  # the best one has the score of the mask
        return torch.cat([torch.zeros_like(mask), objects], dim=1)  # (B, 11, 128, 128)

    def mask_and_kinds(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of "belongs to an object" (B, 1, H, W), and of which object it is (B, 10, H / 4, W / 4)."""
        seen: list[Tensor] = [self.stem(x)]  # (B, 3, 128, 128) -> (B, 16, 64, 64)
        for down in self.encoder:
            seen.append(down(seen[-1]))  # (B, 48, 32, 32), (B, 96, 16, 16), (B, 128, 8, 8)
        x = quarter = seen.pop()
        for join in self.decoder:
            quarter = x
            x = join(seen.pop(), x)  # (B, 96, 16, 16), (B, 48, 32, 32), (B, 16, 64, 64)
        mask = F.pixel_shuffle(self.mask(x), 2)  # (B, 4, 64, 64) -> (B, 1, 128, 128)
        return mask, self.kind(quarter)


def votes(mask: Tensor, kinds: Tensor) -> Tensor:
    """What the neighbours on an object say together about which object it is: (B, 10, H / 4, W / 4), like `kinds`.

    mask, kinds: as from `Segmenter.mask_and_kinds`. Each vote counts as much as its place belongs to an object.
    """
    weight = F.avg_pool2d(mask.sigmoid(), 4)  # (B, 1, 32, 32)
    said = F.avg_pool2d(weight * kinds.log_softmax(dim=1), VOTERS, stride=1, padding=VOTERS // 2)
    return said / F.avg_pool2d(weight, VOTERS, stride=1, padding=VOTERS // 2).clamp(min=1e-4)


def _convolution(inputs: int, outputs: int, side: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU: (B, inputs, h, w) to (B, outputs, h / stride, w / stride)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )

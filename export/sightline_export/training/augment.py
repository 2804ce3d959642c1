"""Augmentation: scans become what a camera would have made of them, photographs what it might have seen as well.

A scan is bright ink on a dark ground, cut to the digit's box. A photograph has any colours, margins, light from one
side, blur and noise. Each function maps a batch of pictures (B, C, H, W) in [0, 1] and draws from `generator`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

UNTOUCHED = 0.45  # share of every batch that stays as it was scanned

Augmentation = Literal["none", "photograph", "tilt", "tilt_and_flip"]
"""`photograph` for scans of ink; `tilt` for other pictures, `_and_flip` where mirror images are of the same class."""


def photograph(pictures: Tensor, generator: torch.Generator, untouched: float = UNTOUCHED) -> Tensor:
    """Random affine map, stroke sharpness and width, colours, light, noise.

    untouched: the share of the batch that stays as it was.
    """
    ink = affine(pictures.mean(dim=1, keepdim=True), generator)  # (B, 1, H, W), 0 = ground, 1 = stroke
    ink = thin(sharpen(ink, generator), generator)
    photographed = add_noise(light(colour(ink, generator), generator), generator).clamp(0, 1)
    if pictures.shape[1] == 1:
        photographed = photographed.mean(dim=1, keepdim=True)
    kept = torch.rand(len(pictures), 1, 1, 1, generator=generator) < untouched
    return torch.where(kept, pictures, photographed)


def tilt(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Rotation ±10°, shear ±0.1, size 0.9–1.2 of the picture, shifted a little; its edges are mirrored outwards."""
    return affine(pictures, generator, sizes=(0.9, 1.2), padding="reflection")


def tilt_and_flip(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """:func:`tilt`, and every other picture is mirrored."""
    mirrored = torch.rand(len(pictures), 1, 1, 1, generator=generator) < 0.5
    return tilt(torch.where(mirrored, pictures.flip(3), pictures), generator)


AUGMENTATIONS: Mapping[Augmentation, Callable[[Tensor, torch.Generator], Tensor]] = {
    "none": lambda pictures, _: pictures,
    "photograph": photograph,
    "tilt": tilt,
    "tilt_and_flip": tilt_and_flip,
}


def affine(
    pictures: Tensor, generator: torch.Generator, sizes: tuple[float, float] = (0.5, 1.05), padding: str = "zeros"
) -> Tensor:
    """Rotation ±10°, shear ±0.1, size 0.5–1.05 of the picture, shifted but inside."""
    B = len(pictures)
    angle = _uniform(B, -10, 10, generator) * math.pi / 180
    shear = _uniform(B, -0.1, 0.1, generator)
    size = _uniform(B, *sizes, generator)
    room = (1 - size).clamp(min=0.05)
    shift_x, shift_y = _uniform(B, -1, 1, generator) * room, _uniform(B, -1, 1, generator) * room
    cos, sin = angle.cos() / size, angle.sin() / size
    # grid_sample maps output to input positions, hence the inverse scale.
    theta = torch.stack(
        [
            torch.stack([cos, -sin + shear * cos, -shift_x * cos], dim=1),
            torch.stack([sin, cos + shear * sin, -shift_y * cos], dim=1),
        ],
        dim=1,
    )  # (B, 2, 3)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode=padding, align_corners=False)


def sharpen(ink: Tensor, generator: torch.Generator) -> Tensor:
    """From the soft edges of an 8x8 scan to the hard ones of a pen, with thin to thick strokes."""
    B = len(ink)
    threshold = _uniform(B, 0.35, 0.65, generator).view(B, 1, 1, 1)
    steepness = _uniform(B, 4, 30, generator).view(B, 1, 1, 1)
    hard = torch.sigmoid((ink - threshold) * steepness)
    share = torch.rand(B, 1, 1, 1, generator=generator)
    return torch.lerp(ink, hard, share)


def thin(ink: Tensor, generator: torch.Generator) -> Tensor:
    """From the felt pen of the scans to a ballpoint: half of the batch loses up to 1/32 of the side beside strokes."""
    radius = int(torch.randint(0, 1 + max(1, ink.shape[-1] // 32), (1,), generator=generator))
    eroded = -F.max_pool2d(-ink, kernel_size=2 * radius + 1, stride=1, padding=radius)
    thinned = torch.rand(len(ink), 1, 1, 1, generator=generator) < 0.5
    return torch.where(thinned, eroded, ink)


def colour(ink: Tensor, generator: torch.Generator) -> Tensor:
    """Any ink on any ground with enough contrast between; half are grey, half of all are dark on bright."""
    B = len(ink)
    contrast = _uniform(B, 0.4, 1.0, generator).view(B, 1, 1, 1)
    low = torch.rand(B, 1, 1, 1, generator=generator) * (1 - contrast)
    dark, bright = low, low + contrast
    inverted = torch.rand(B, 1, 1, 1, generator=generator) < 0.5
    ground, stroke = torch.where(inverted, bright, dark), torch.where(inverted, dark, bright)
    tinted = (torch.rand(B, 1, 1, 1, generator=generator) < 0.5) * 0.15
    ground = ground + tinted * torch.randn(B, 3, 1, 1, generator=generator)
    stroke = stroke + tinted * torch.randn(B, 3, 1, 1, generator=generator)
    return ground + (stroke - ground) * ink  # (B, 3, H, W)


def light(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """A linear fall-off of the light across the picture, up to ±25 %."""
    B, _, H, W = pictures.shape
    slope = _uniform(B, -0.25, 0.25, generator), _uniform(B, -0.25, 0.25, generator)
    y, x = torch.linspace(-1, 1, H).view(1, H, 1), torch.linspace(-1, 1, W).view(1, 1, W)
    gain = 1 + slope[0].view(B, 1, 1) * x + slope[1].view(B, 1, 1) * y  # (B, H, W)
    return pictures * gain[:, None]


def add_noise(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Gaussian sensor noise, sigma 0–0.06."""
    sigma = _uniform(len(pictures), 0, 0.06, generator).view(-1, 1, 1, 1)
    return pictures + sigma * torch.randn(pictures.shape, generator=generator)


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.empty(count).uniform_(low, high, generator=generator)

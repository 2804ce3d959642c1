"""The same aligned face as other cameras would have taken it. Pictures are (B, 3, H, W) in [0, 1]."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sightline_export.training.augment import add_noise, light


def face_view(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """What alignment leaves of turn, size and place; mirrored or not; exposure, light from one side, blur and noise."""
    moved = _blurred(_moved(pictures, generator), generator)
    contrast = _uniform(len(pictures), 0.6, 1.3, generator)
    brightness = _uniform(len(pictures), -0.2, 0.2, generator)
    exposed = (moved - 0.5) * contrast + 0.5 + brightness
    return add_noise(light(exposed, generator), generator).clamp(0, 1)


def _moved(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Rotation +-8 degrees, size 0.88 to 1.12, shifted by up to 4 % of the picture; half of them mirrored."""
    B = len(pictures)
    angle = (_uniform(B, -8, 8, generator) * math.pi / 180).view(B)
    size = _uniform(B, 0.88, 1.12, generator).view(B)
    mirrored = torch.where(torch.rand(B, generator=generator) < 0.5, -1.0, 1.0)
    shift_x, shift_y = (_uniform(B, -0.08, 0.08, generator).view(B) for _ in range(2))  # of half a side
    cos, sin = angle.cos() / size, angle.sin() / size
    theta = torch.stack(
        [torch.stack([cos * mirrored, -sin, shift_x], dim=1), torch.stack([sin * mirrored, cos, shift_y], dim=1)], dim=1
    )  # (B, 2, 3)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, align_corners=False)


def _blurred(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """A quarter of the batch loses every detail below 4 pixels."""
    small = F.avg_pool2d(pictures, 4)
    soft = F.interpolate(small, size=pictures.shape[2:], mode="bilinear", align_corners=False)
    chosen = torch.rand(len(pictures), 1, 1, 1, generator=generator) < 0.25
    return torch.where(chosen, soft, pictures)


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """(count, 1, 1, 1)."""
    return torch.empty(count, 1, 1, 1).uniform_(low, high, generator=generator)

"""What enhancers learn to undo, with pictures as users send them: 8-bit levels, clipped where noise exceeds them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

LEVELS = 255


def noisy(pixels: NDArray[np.uint8], sigma: float, seed: int) -> NDArray[np.uint8]:
    """The picture (h, w, 3) with normal noise of `sigma` levels, rounded and clipped to 8 bits."""
    noise = np.random.default_rng(seed).normal(0.0, sigma, pixels.shape)
    return np.clip(np.round(pixels + noise), 0, LEVELS).astype(np.uint8)


def noisy_patches(patches: Tensor, sigma: tuple[float, float], generator: torch.Generator) -> Tensor:
    """The same for a batch (B, 3, h, w) in [0, 1], each picture with a sigma of its own from this range, in levels.

    Half of them have a sigma in the lowest quarter: little noise is harder to tell from texture.
    """
    least, most = sigma
    drawn = least + (most - least) * torch.rand(len(patches), 1, 1, 1, generator=generator).square()
    noise = drawn * torch.randn(patches.shape, generator=generator)
    return (LEVELS * patches + noise).round().clamp(0, LEVELS) / LEVELS


def halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture (2h, 2w, 3) at half its size (h, w, 3), by Pillow's bicubic resampling, which is antialiased."""
    h, w, _ = pixels.shape
    return np.array(Image.fromarray(pixels).resize((w // 2, h // 2), Image.Resampling.BICUBIC))


def doubled(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture (h, w, 3) at twice its size (2h, 2w, 3), by Pillow's bicubic interpolation."""
    h, w, _ = pixels.shape
    return np.array(Image.fromarray(pixels).resize((2 * w, 2 * h), Image.Resampling.BICUBIC))

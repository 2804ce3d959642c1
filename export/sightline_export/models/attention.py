"""A small vision transformer, with its attention written out.

Dosovitskiy et al., "An Image is Worth 16x16 Words" (2020); attention as in Vaswani et al., "Attention Is All You Need"
(2017); normalisation before each block as in GPT-2. Positions start as sines and cosines (Beyer et al., "Better plain
ViT baselines for ImageNet-1k", 2022), without which so few pictures teach it slowly. Besides the logits it gives the
attention roll-out of the class token (Abnar & Zuidema, "Quantifying Attention Flow in Transformers", 2020): how much of
each place of the picture reaches it, over all blocks.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ViTConfig:
    image_size: int = 64  # pictures are square
    channels: int = 3
    patch_size: int = 8
    width: int = 64  # embedding dimension d_model
    depth: int = 4  # blocks
    heads: int = 4
    classes: int = 10

    @property
    def grid(self) -> int:
        """Patches per side."""
        return self.image_size // self.patch_size


def sincos_positions(grid: int, width: int) -> Tensor:
    """Where each patch of a grid lies, in sines and cosines of falling frequency: (grid², width), row by row.

    >>> sincos_positions(8, 64).shape
    torch.Size([64, 64])
    """
    y, x = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")  # each (grid, grid)
    frequencies = 100 ** -torch.linspace(0, 1, width // 4)  # 1 down to 1/100
    angles = [axis.flatten()[:, None] * frequencies for axis in (x, y)]  # each (grid², width / 4)
    return torch.cat([wave for angle in angles for wave in (angle.sin(), angle.cos())], dim=1)


class Attention(nn.Module):
    """Multi-head self-attention, softmax(Q Kᵀ / √d) V, that also returns its weights."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        B, T, C = x.shape  # batch, tokens, width
        d = C // self.heads  # width of a head
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, d).permute(2, 0, 3, 1, 4).unbind(0)  # each (B, heads, T, d)
        weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(d), dim=-1)  # (B, heads, T, T), rows sum to 1
        y = (weights @ v).transpose(1, 2).reshape(B, T, C)  # heads side by side again
        return self.out(y), weights


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        attended, weights = self.attention(self.norm1(x))
        x = x + attended
        return x + self.mlp(self.norm2(x)), weights


class ViT(nn.Module):
    """Normalised pictures (B, 3, 64, 64) to logits (B, 10) and the class token's attention roll-out (B, 8, 8).

    The roll-out is the product over the blocks of (mean over the heads + identity) / 2, where the identity is the way
    around the attention; of it the row of the class token, over the patches only. It sums to 1.

    >>> logits, attention = ViT(ViTConfig())(torch.zeros(2, 3, 64, 64))
    >>> logits.shape, attention.shape
    (torch.Size([2, 10]), torch.Size([2, 8, 8]))
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.grid = config.grid
        self.patches = nn.Conv2d(config.channels, config.width, kernel_size=config.patch_size, stride=config.patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + config.grid**2, config.width))
        self.positions.data[0, 1:] = 0.5 * sincos_positions(config.grid, config.width)  # the class token is nowhere
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        B = x.shape[0]
        x = self.patches(x).flatten(2).transpose(1, 2)  # (B, 3, 64, 64) -> (B, 64, 8, 8) -> (B, 64 patches, 64)
        x = torch.cat([self.class_token.expand(B, -1, -1), x], dim=1) + self.positions  # (B, 1 + 64, 64)
        around = torch.eye(x.shape[1], device=x.device)  # (65, 65)
        flow = around.expand(B, -1, -1)  # how much of each token of the picture is in each token by now
        for block in self.blocks:
            x, weights = block(x)  # (B, 65, 64), (B, heads, 65, 65)
            flow = (weights.mean(dim=1) + around) / 2 @ flow  # (B, 65, 65)
        attention = flow[:, 0, 1:]  # row of the class token, without itself: (B, 64)
        attention = attention / attention.sum(dim=-1, keepdim=True)
        return self.head(self.norm(x)[:, 0]), attention.view(B, self.grid, self.grid)

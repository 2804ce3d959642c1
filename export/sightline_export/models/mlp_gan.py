"""A generative adversarial network of dense layers only, for 28x28 grey pictures.

Goodfellow et al., "Generative Adversarial Nets" (2014), whose networks for digits were dense as well. Part of the noise
is made a choice, as the categorical code of Chen et al., "InfoGAN" (2016): kinds of pictures are separate, and a
network that may only deform one kind into the next draws things in between. Nobody tells it what the kinds are.

A dense layer does not know which pixels are neighbours, and the discriminator learns late what it leaves as noise from
pixel to pixel. So the values of the last layer are smoothed with those around them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class MLPGANConfig:
    latent: int = 100  # z ~ N(0, 1), this many numbers
    kinds: int = 10  # the largest of the first ten numbers chooses one of ten kinds
    kind_scale: float = 6.0  # of the choice, so that it outweighs the other 90 numbers
    side: int = 28
    generator_widths: tuple[int, ...] = (128, 256, 512, 1024)
    discriminator_widths: tuple[int, ...] = (512, 256)


class Generator(nn.Module):
    """Noise (B, 100) to pictures (B, 1, 28, 28) in [0, 1].

    >>> Generator(MLPGANConfig())(torch.zeros(2, 100)).shape
    torch.Size([2, 1, 28, 28])
    """

    def __init__(self, config: MLPGANConfig) -> None:
        super().__init__()
        self.kinds = config.kinds
        self.kind_scale = config.kind_scale
        self.layers = nn.Sequential(
            *_dense(config.latent, config.generator_widths, normalised=True),  # (B, 1024)
            nn.Linear(config.generator_widths[-1], config.side**2),  # (B, 784)
            nn.Unflatten(1, (1, config.side, config.side)),  # (B, 1, 28, 28)
            Smooth(),
            nn.Sigmoid(),
        )

    def forward(self, z: Tensor) -> Tensor:
        rivals, rest = z[:, : self.kinds], z[:, self.kinds :]  # (B, 10), (B, 90)
        choice = self.kind_scale * (rivals >= rivals.amax(dim=1, keepdim=True)).to(z.dtype)  # one of ten is not zero
        return self.layers(torch.cat([choice, rest], dim=1))


class Smooth(nn.Module):
    """Each value becomes the binomially weighted mean of the 3x3 around it, (B, 1, h, w) to the same shape."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        weights = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("kernel", (weights[:, None] * weights).view(1, 1, 3, 3), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), self.kernel)


class Discriminator(nn.Module):
    """Pictures (B, 1, 28, 28) in [0, 1] to one logit each (B,): above 0 means "real".

    >>> Discriminator(MLPGANConfig())(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2])
    """

    def __init__(self, config: MLPGANConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),  # (B, 784)
            *_dense(config.side**2, config.discriminator_widths, normalised=False),  # (B, 256)
            nn.Linear(config.discriminator_widths[-1], 1),  # (B, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(2 * x - 1).flatten()  # (B, 1) -> (B,)


def _dense(inputs: int, widths: tuple[int, ...], normalised: bool) -> Iterator[nn.Module]:
    for size, width in pairwise((inputs, *widths)):
        yield nn.Linear(size, width, bias=not normalised)
        if normalised:
            yield nn.BatchNorm1d(width)
        yield nn.LeakyReLU(0.2, inplace=True)

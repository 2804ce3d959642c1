"""A generative adversarial network for 16x16 pictures.

Goodfellow et al., "Generative Adversarial Nets" (2014), in the convolutional form of Radford et al., "Unsupervised
Representation Learning with Deep Convolutional Generative Adversarial Networks" (DCGAN, 2015). Part of the noise is
made a choice, as the categorical code of Chen et al., "InfoGAN" (2016): kinds of pictures are separate, and a network
that may only deform one kind into the next draws things in between. The discriminator has no normalisation, because it
is trained with a gradient penalty for each picture by itself.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class GANConfig:
    latent: int = 100  # z ~ N(0, 1), this many numbers
    kinds: int = 10  # the largest of the first ten numbers chooses one of ten kinds
    kind_scale: float = 6.0  # of the choice, so that it outweighs the other 90 numbers
    channels: int = 3
    generator_widths: tuple[int, int] = (64, 32)
    discriminator_widths: tuple[int, int, int] = (32, 64, 128)


class Generator(nn.Module):
    """Noise (B, 100) to pictures (B, 3, 16, 16) in [-1, 1].

    >>> Generator(GANConfig())(torch.zeros(2, 100)).shape
    torch.Size([2, 3, 16, 16])
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.kinds = config.kinds
        self.kind_scale = config.kind_scale
        first, second = config.generator_widths
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(config.latent, first, 4, 1, 0, bias=False),  # (B, 64, 4, 4)
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(first, second, 4, 2, 1, bias=False),  # (B, 32, 8, 8)
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(second, config.channels, 4, 2, 1),  # (B, 3, 16, 16)
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        rivals, rest = z[:, : self.kinds], z[:, self.kinds :]  # (B, 10), (B, 90)
        choice = self.kind_scale * (rivals >= rivals.amax(dim=1, keepdim=True)).to(z.dtype)  # one of ten is not zero
        z = torch.cat([choice, rest], dim=1)
        return self.layers(z[:, :, None, None])  # (B, 100) -> (B, 100, 1, 1) -> (B, 3, 16, 16)


class Discriminator(nn.Module):
    """Pictures (B, 3, 16, 16) in [-1, 1] to one logit each (B,): above 0 means "real".

    >>> Discriminator(GANConfig())(torch.zeros(2, 3, 16, 16)).shape
    torch.Size([2])
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        first, second, third = config.discriminator_widths
        self.layers = nn.Sequential(
            nn.Conv2d(config.channels, first, 4, 2, 1),  # (B, 32, 8, 8)
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(first, second, 4, 2, 1),  # (B, 64, 4, 4)
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(second, third, 4, 2, 1),  # (B, 128, 2, 2)
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(third, 1, 2, 1, 0),  # (B, 1, 1, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).flatten()

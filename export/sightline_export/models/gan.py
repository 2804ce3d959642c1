"""A conditional generative adversarial network for 16x16 pictures: the class of the picture is an input.

Goodfellow et al., "Generative Adversarial Nets" (2014), in the convolutional form of Radford et al., "Unsupervised
Representation Learning with Deep Convolutional Generative Adversarial Networks" (DCGAN, 2015). The generator gets the
class beside the noise, as in Mirza & Osindero, "Conditional Generative Adversarial Nets" (2014); the discriminator
projects its features onto a vector of the class (Miyato & Koyama, "cGANs with Projection Discriminator", 2018), and so
judges whether a picture is real *and* of its class. It has no normalisation, because it is trained with a gradient
penalty for each picture by itself.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class GANConfig:
    latent: int = 100  # z ~ N(0, 1), this many numbers
    classes: int = 10
    class_scale: float = 6.0  # of the class's one-hot vector, so that it outweighs the noise
    channels: int = 3
    generator_widths: tuple[int, int] = (64, 32)
    discriminator_widths: tuple[int, int, int] = (32, 64, 128)


class Generator(nn.Module):
    """Noise (B, 100) and classes (B,) to pictures (B, 3, 16, 16) in [-1, 1].

    >>> Generator(GANConfig())(torch.zeros(2, 100), torch.tensor([3, 7])).shape
    torch.Size([2, 3, 16, 16])
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.classes = config.classes
        self.class_scale = config.class_scale
        first, second = config.generator_widths
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(config.latent + config.classes, first, 4, 1, 0, bias=False),  # (B, 64, 4, 4)
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(first, second, 4, 2, 1, bias=False),  # (B, 32, 8, 8)
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(second, config.channels, 4, 2, 1),  # (B, 3, 16, 16)
            nn.Tanh(),
        )

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        one_hot = (classes[:, None] == torch.arange(self.classes, device=z.device)).to(z.dtype)  # (B, 10)
        z = torch.cat([self.class_scale * one_hot, z], dim=1)  # (B, 110)
        return self.layers(z[:, :, None, None])  # (B, 110, 1, 1) -> (B, 3, 16, 16)


class Discriminator(nn.Module):
    """Pictures (B, 3, 16, 16) in [-1, 1] and classes (B,) to one logit each (B,): above 0 means "real".

    >>> Discriminator(GANConfig())(torch.zeros(2, 3, 16, 16), torch.tensor([3, 7])).shape
    torch.Size([2])
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        first, second, third = config.discriminator_widths
        self.features = nn.Sequential(
            nn.Conv2d(config.channels, first, 4, 2, 1),  # (B, 32, 8, 8)
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(first, second, 4, 2, 1),  # (B, 64, 4, 4)
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(second, third, 4, 2, 1),  # (B, 128, 2, 2)
            nn.LeakyReLU(0.2, inplace=True),
            nn.Flatten(),  # (B, 512)
        )
        self.real = nn.Linear(4 * third, 1)
        self.projection = nn.Embedding(config.classes, 4 * third)
        nn.init.normal_(self.projection.weight, std=0.02)

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        features = self.features(x)  # (B, 512)
        return self.real(features).flatten() + (features * self.projection(classes)).sum(dim=1)  # (B,)

"""A variational autoencoder for 28x28 grey pictures, with a latent plane that can be drawn as a map.

Kingma & Welling, "Auto-Encoding Variational Bayes" (2013). The encoder gives the mean and the variance of a normal
distribution q(z | x) for each picture, the decoder the mean of p(x | z).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class VAEConfig:
    latent: int = 2
    side: int = 28  # a multiple of 4
    widths: tuple[int, int] = (16, 32)
    hidden: int = 128


class Encoder(nn.Module):
    """Pictures (B, 1, 28, 28) in [0, 1] to the mean and the logarithm of the variance of q(z | x), each (B, 2).

    >>> mean, log_variance = Encoder(VAEConfig())(torch.zeros(5, 1, 28, 28))
    >>> mean.shape, log_variance.shape
    (torch.Size([5, 2]), torch.Size([5, 2]))
    """

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        first, second = config.widths
        self.features = nn.Sequential(
            nn.Conv2d(1, first, 4, 2, 1),  # (B, 16, 14, 14)
            nn.SiLU(),
            nn.Conv2d(first, second, 4, 2, 1),  # (B, 32, 7, 7)
            nn.SiLU(),
            nn.Flatten(),  # (B, 1568)
            nn.Linear(second * (config.side // 4) ** 2, config.hidden),  # (B, 128)
            nn.SiLU(),
        )
        self.mean = nn.Linear(config.hidden, config.latent)
        self.log_variance = nn.Linear(config.hidden, config.latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(x)
        return self.mean(features), self.log_variance(features)


class Decoder(nn.Module):
    """Latent vectors (B, 2) to pictures (B, 1, 28, 28) in [0, 1].

    >>> Decoder(VAEConfig())(torch.zeros(5, 2)).shape
    torch.Size([5, 1, 28, 28])
    """

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        first, second = config.widths
        quarter = config.side // 4
        self.layers = nn.Sequential(
            nn.Linear(config.latent, config.hidden),  # (B, 128)
            nn.SiLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.SiLU(),
            nn.Linear(config.hidden, second * quarter**2),  # (B, 1568)
            nn.SiLU(),
            nn.Unflatten(1, (second, quarter, quarter)),  # (B, 32, 7, 7)
            nn.ConvTranspose2d(second, first, 4, 2, 1),  # (B, 16, 14, 14)
            nn.SiLU(),
            nn.ConvTranspose2d(first, 1, 4, 2, 1),  # (B, 1, 28, 28)
            nn.Sigmoid(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class VAE(nn.Module):
    """Both halves, for training: pictures (B, 1, 28, 28) to their reconstructions from one random z each."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """noise: (B, 2), standard normal. Gives the reconstruction, the mean and the logarithm of the variance."""
        mean, log_variance = self.encoder(x)
        return self.decoder(sample(mean, log_variance, noise)), mean, log_variance


def sample(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z ~ N(mean, variance) as a function of standard normal `noise`, so that gradients reach mean and variance.

    This is the reparameterisation of section 2.4 of the paper. All are (B, 2).
    """
    return mean + (log_variance / 2).exp() * noise


class Reconstructor(nn.Module):
    """Pictures (B, 1, 28, 28) in [0, 1] to what the decoder makes of the encoder's mean."""

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.encoder, self.decoder = vae.encoder, vae.decoder

    def forward(self, x: Tensor) -> Tensor:
        mean, _ = self.encoder(x)
        return self.decoder(mean)


class Interpolator(nn.Module):
    """Two pictures (B, 1, 28, 28) and a fraction (B, 1): the picture so far along the way between their means."""

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.encoder, self.decoder = vae.encoder, vae.decoder

    def forward(self, first: Tensor, second: Tensor, fraction: Tensor) -> Tensor:
        (start, _), (end, _) = self.encoder(first), self.encoder(second)
        return self.decoder(torch.lerp(start, end, fraction))

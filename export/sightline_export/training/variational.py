"""Training a variational autoencoder: the evidence lower bound of Kingma & Welling, "Auto-Encoding Variational Bayes".

-ELBO = E[-log p(x | z)] + KL(q(z | x) || p(z)), with one sample of z for each picture. p(x | z) is a normal
distribution around the decoder's picture, with the same standard deviation for every pixel.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sightline_export.models.vae import VAE
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch


@dataclass(frozen=True)
class VariationalSettings:
    epochs: int
    learning_rate: float = 3e-3  # the peak of the one-cycle schedule
    batch_size: int = 64
    weight_decay: float = 0.01
    sigma: float = 0.2  # standard deviation of a pixel around the decoder's picture; white is 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise ValueError(f"expected epochs >= 1 and batch_size >= 2, got {self.epochs} and {self.batch_size}")
        if not self.sigma > 0:
            raise ValueError(f"expected a sigma above 0, got {self.sigma}")


def train_variational(
    vae: VAE, pixels: NDArray[np.uint8], settings: VariationalSettings, checkpoint: Checkpoint
) -> Iterator[Epoch]:
    """Train in place with AdamW and a one-cycle schedule; yields after each epoch.

    pixels: (n, h, w, 1) uint8. A run that was stopped goes on after its last finished epoch.
    """
    random = torch.Generator().manual_seed(settings.seed)
    # Faster convolutions on a CPU; the type stubs of PyTorch lack this overload.
    vae.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255  # (n, 1, h, w)
    optimizer = torch.optim.AdamW(
        vae.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    steps_per_epoch = len(pictures) // settings.batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.epochs * steps_per_epoch
    )
    first = 1
    if state := checkpoint.load():
        vae.load_state_dict(state["vae"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        random.set_state(state["random"])
        first = int(state["epoch"]) + 1

    for number in range(first, settings.epochs + 1):
        vae.train()
        error_sum = divergence_sum = 0.0
        order = torch.randperm(len(pictures), generator=random)
        for step in range(steps_per_epoch):
            x = pictures[order[step * settings.batch_size : (step + 1) * settings.batch_size]]
            noise = torch.randn(len(x), vae.encoder.mean.out_features, generator=random)
            reconstruction, mean, log_variance = vae(x, noise)
            error = squared_error(reconstruction, x)
            divergence = kl_divergence(mean, log_variance).mean()
            loss = error / (2 * settings.sigma**2) + divergence
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            error_sum += error.item()
            divergence_sum += divergence.item()
        state = {"epoch": number, "random": random.get_state()}
        checkpoint.save_if_due(
            lambda state=state: (
                state
                | {"vae": vae.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
            )
        )
        yield Epoch(
            number, settings.epochs, {"error": error_sum / steps_per_epoch, "KL": divergence_sum / steps_per_epoch}
        )
    vae.eval()


def squared_error(reconstruction: Tensor, x: Tensor) -> Tensor:
    """The squared distance between a picture and its reconstruction, summed over pixels, averaged over the batch.

    Divided by 2 sigma^2 it is -log p(x | z), up to a constant.
    """
    return (reconstruction - x).square().flatten(1).sum(dim=1).mean()


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) in nats for each picture, (B, d) to (B,); appendix B of the paper."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)


def describe(settings: VariationalSettings) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))

"""Training a generator against a discriminator: E[log D(x)] + E[log(1 - D(G(z)))], non-saturating for the generator.

The discriminator's gradient at real pictures is penalised (R1 of Mescheder et al., "Which Training Methods for GANs do
actually Converge?", 2018), every other step only (Karras et al., "Analyzing and Improving the Image Quality of
StyleGAN", 2020). That keeps the discriminator from learning so small a set of pictures by heart.
"""

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

CALIBRATION_BATCHES = 32


@dataclass(frozen=True)
class AdversarialSettings:
    epochs: int
    latent: int
    learning_rate: float = 2e-3  # of both players; falls to zero over the last third
    betas: tuple[float, float] = (0.0, 0.99)
    penalty: tuple[float, float] = (0.5, 5.0)  # gamma of R1 at the start and, rising linearly, at the end
    penalty_every: int = 2
    batch_size: int = 64
    average_decay: float = 0.995  # of the moving average of the generator's weights, the one that is served
    darkest: float = -1.0  # what the generator gives for black; white is 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise ValueError(f"expected epochs >= 1 and batch_size >= 2, got {self.epochs} and {self.batch_size}")


def train_adversarial(
    generator: nn.Module,
    discriminator: nn.Module,
    pixels: NDArray[np.uint8],
    settings: AdversarialSettings,
    checkpoint: Checkpoint,
    labels: NDArray[np.int64] | None = None,
) -> Iterator[Epoch]:
    """Train both in place; at the end `generator` holds the moving average of its weights. Yields after each epoch.

    pixels: (n, h, w, c) uint8, the real pictures. labels: (n,) their classes, where both networks take the class as
    their second input; the generator is asked for the classes of the real pictures that it is compared with.
    """
    random = torch.Generator().manual_seed(settings.seed)
    levels = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()  # (n, c, h, w) in [0, 255]
    real_pictures = settings.darkest + levels * ((1 - settings.darkest) / 255)
    conditions = () if labels is None else (torch.from_numpy(labels),)
    for network in (generator, discriminator):
        # Faster convolutions on a CPU; the type stubs of PyTorch lack this overload.
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    steps_per_epoch = len(real_pictures) // settings.batch_size
    average = copy.deepcopy(generator).eval()
    g_optimizer = torch.optim.Adam(generator.parameters(), settings.learning_rate, settings.betas, fused=True)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), settings.learning_rate, settings.betas, fused=True)
    players: dict[str, nn.Module | torch.optim.Optimizer] = {
        "generator": generator,
        "discriminator": discriminator,
        "average": average,
        "g_optimizer": g_optimizer,
        "d_optimizer": d_optimizer,
    }
    first = 1
    if state := checkpoint.load():
        for name, player in players.items():
            player.load_state_dict(state[name])
        random.set_state(state["random"])
        first = int(state["epoch"]) + 1

    for number in range(first, settings.epochs + 1):
        generator.train()
        discriminator.train()
        d_sum = g_sum = 0.0
        order = torch.randperm(len(real_pictures), generator=random)
        gamma = float(np.interp(number, (0, settings.epochs), settings.penalty))
        for optimizer in (g_optimizer, d_optimizer):
            optimizer.param_groups[0]["lr"] = settings.learning_rate * learning_rate_factor(number, settings.epochs)
        for step in range(steps_per_epoch):
            batch = order[step * settings.batch_size : (step + 1) * settings.batch_size]
            real, given = real_pictures[batch], tuple(condition[batch] for condition in conditions)
            noise = torch.randn(len(real), settings.latent, generator=random)
            fake = generator(noise, *given)

            penalised = step % settings.penalty_every == 0
            real_logits = discriminator(real.requires_grad_(penalised), *given)
            d_loss = discriminator_loss(real_logits, discriminator(fake.detach(), *given))
            if penalised:
                d_loss = d_loss + settings.penalty_every * gamma * gradient_penalty(real_logits, real)
            d_optimizer.zero_grad()
            d_loss.backward()
            d_optimizer.step()

            g_loss = generator_loss(discriminator(fake, *given))
            g_optimizer.zero_grad()
            g_loss.backward(inputs=list(generator.parameters()))  # not the discriminator's, which cost time
            g_optimizer.step()

            update_average(average, generator, settings.average_decay)
            d_sum += d_loss.item()
            g_sum += g_loss.item()
        state = {"epoch": number, "random": random.get_state()}
        checkpoint.save_if_due(lambda state=state: state | {name: p.state_dict() for name, p in players.items()})
        yield Epoch(number, settings.epochs, {"D": d_sum / steps_per_epoch, "G": g_sum / steps_per_epoch})
    generator.load_state_dict(average.state_dict())
    recalibrate(generator, settings, conditions, random)


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-(E[log D(x)] + E[log(1 - D(G(z)))]), from logits."""
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def generator_loss(fake_logits: Tensor) -> Tensor:
    """-E[log D(G(z))]: the non-saturating form, whose gradient does not vanish while D wins."""
    return F.softplus(-fake_logits).mean()


def gradient_penalty(real_logits: Tensor, real: Tensor) -> Tensor:
    """Half the mean squared norm of the logits' gradient with respect to the pictures."""
    (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean() / 2


def learning_rate_factor(epoch: int, epochs: int) -> float:
    """1 for the first two thirds, then linearly down; `epoch` counts from 1.

    >>> [learning_rate_factor(epoch, 6) for epoch in (1, 4, 5, 6)]
    [1.0, 1.0, 1.0, 0.5]
    """
    return min(1.0, (epochs - epoch + 1) / (epochs / 3))


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Exponential moving average of the weights; the running statistics of batch normalisation are left to the end."""
    for mean, parameter in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(parameter, 1 - decay)


@torch.no_grad()
def recalibrate(
    generator: nn.Module, settings: AdversarialSettings, conditions: tuple[Tensor, ...], random: torch.Generator
) -> None:
    """Measure the statistics of batch normalisation anew: averaged weights have others than those they came from."""
    for module in generator.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # a plain mean over the batches below
    generator.train()
    for _ in range(CALIBRATION_BATCHES):
        noise = torch.randn(settings.batch_size, settings.latent, generator=random)
        generator(noise, *(drawn(condition, settings.batch_size, random) for condition in conditions))
    generator.eval()


def drawn(condition: Tensor, count: int, random: torch.Generator) -> Tensor:
    """`count` entries of `condition`, with replacement."""
    return condition[torch.randint(len(condition), (count,), generator=random)]


def describe(settings: AdversarialSettings) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))

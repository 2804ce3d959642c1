"""`gan`: new handwritten digits from a seed. Its pictures are judged by `cnn`."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import nn

from sightline_backend.pictures import encode_png
from sightline_backend.pixels import PixelSpec, decode
from sightline_export.datasets.digits import LABELS, SOURCE, digit_pictures, load_digits
from sightline_export.measure import Figure, Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.models.gan import Discriminator, GANConfig, Generator
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.recipes.digit_classifier import PIXELS as CNN_PIXELS
from sightline_export.tasks.unconditional_image_generation import UnconditionalImageGeneration
from sightline_export.training.adversarial import AdversarialSettings, describe, train_adversarial
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=16, height=16)
JUDGED = range(1_000_000, 1_001_000)  # 1,000 seeds
SURE = 0.9  # a picture counts as recognised from this score on
RECOGNISED_FLOOR = 0.7

_CONFIG = GANConfig()
_SETTINGS = AdversarialSettings(epochs=110, latent=_CONFIG.latent)
_TASK = UnconditionalImageGeneration(latent=_CONFIG.latent)


def _train(network: nn.Module, checkpoint: Path) -> Iterator[Epoch]:
    digits, _ = load_digits()
    key = f"gan {_CONFIG} {describe(_SETTINGS)}"
    return train_adversarial(
        network, Discriminator(_CONFIG), digits.render(PIXELS), _SETTINGS, Checkpoint(checkpoint, key)
    )


def _evaluate(evaluation: Evaluation) -> Measurement:
    """Which digits `cnn` sees in 1,000 pictures, sent to it as files, the way a user would."""
    pictures = evaluation.graph({"NOISE": _TASK.noise(JUDGED)})["PIXELS"].astype(np.uint8)
    seen = np.stack([decode(encode_png(picture), CNN_PIXELS) for picture in pictures])
    scores = evaluation.required["cnn"]({"PIXELS": seen})["SCORES"]
    digits, sure = scores.argmax(axis=1), scores.max(axis=1) >= SURE
    counts = np.bincount(digits[sure], minlength=len(LABELS))
    return Measurement(
        figures=(
            Figure(
                f"share of {len(JUDGED)} pictures recognised by cnn with score >= {SURE}", sure.mean(), RECOGNISED_FLOOR
            ),
            Figure("different digits among them", int((counts > 0).sum()), floor=len(LABELS)),
        ),
        per_class={label: {"recognised pictures": float(n)} for label, n in zip(LABELS, counts, strict=True)},
    )


register(
    Recipe(
        spec=ModelSpec(
            name="gan",
            summary="new handwritten digits, 16x16, from a seed",
            architecture="Goodfellow et al., Generative Adversarial Nets, 2014; Radford et al., DCGAN, 2015",
            task=_TASK,
            pixels=PIXELS,
            pictures=lambda count: digit_pictures(count, (2 * PIXELS.width, 2 * PIXELS.height)),
            data=SOURCE,
            licence="data CC BY 4.0",
            limits="It draws single digits like its training scans, bright on dark; some pictures are no clear digit.",
        ),
        build=lambda: Generator(_CONFIG),
        train=_train,
        evaluate=_evaluate,
        requires=("cnn",),
    )
)

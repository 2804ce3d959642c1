"""`vae`: handwritten digits on a plane: new ones from a seed, a picture's likeness, and the way from one to another.

One variational autoencoder, served three ways: `vae` is its decoder, `vae_reconstruct` encodes a picture and decodes
its mean, `vae_interpolate` decodes a point between the means of two pictures. `mnist_cnn` judges the new ones.
"""

from collections.abc import Iterator
from typing import cast

from torch import nn

from sightline_export.datasets.digits import SOURCE, WRITERS, digit_pictures, load_digits
from sightline_export.model_spec import ModelSpec
from sightline_export.models.vae import VAE, Interpolator, Reconstructor, VAEConfig
from sightline_export.recipe import Companion, Recipe, register
from sightline_export.recipes import vae_evaluation
from sightline_export.recipes.vae_evaluation import JUDGE, PIXELS
from sightline_export.tasks.fixed_size_image_to_image import FixedSizeImageToImage
from sightline_export.tasks.image_interpolation import ImageInterpolation
from sightline_export.tasks.task import Task
from sightline_export.tasks.unconditional_image_generation import UnconditionalImageGeneration
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch
from sightline_export.training.variational import VariationalSettings, describe, train_variational

_CONFIG = VAEConfig(side=PIXELS.width)
_SETTINGS = VariationalSettings(epochs=100, sigma=0.4)
_LIMITS = (
    "It knows single digits like its training scans, bright on dark, and has two numbers for each: what comes out is "
    "the nearest digit that it can draw, softer than a scan, whatever was sent. Between two kinds of digits lie "
    f"pictures that are neither. {WRITERS}"
)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    digits, _ = load_digits()
    return train_variational(_vae(network), digits.render(PIXELS), _SETTINGS, checkpoint)


def _vae(network: nn.Module) -> VAE:
    return cast(VAE, network)


def _spec(name: str, summary: str, task: Task) -> ModelSpec:
    return ModelSpec(
        name=name,
        summary=summary,
        architecture="Kingma & Welling, Auto-Encoding Variational Bayes, 2013",
        task=task,
        pixels=PIXELS,
        pictures=lambda count: digit_pictures(count, (2 * PIXELS.width, 2 * PIXELS.height)),
        data=SOURCE,
        licence="data CC BY 4.0",
        limits=_LIMITS,
    )


register(
    Recipe(
        spec=_spec(
            "vae",
            "new handwritten digits, 28x28, from a seed, off a plane on which like digits lie together",
            UnconditionalImageGeneration(latent=_CONFIG.latent, darkest=0.0),
        ),
        build=lambda: VAE(_CONFIG),
        train=_train,
        key=f"vae {_CONFIG} {describe(_SETTINGS)}",
        served=lambda network: _vae(network).decoder,
        evaluate=vae_evaluation.generation,
        sheet=vae_evaluation.latent_map,
        requires=(JUDGE,),
        companions=(
            Companion(
                _spec(
                    "vae_reconstruct",
                    "a handwritten digit as two numbers can tell it, 28x28, from a picture",
                    FixedSizeImageToImage(),
                ),
                lambda network: Reconstructor(_vae(network)),
                vae_evaluation.reconstructed,
                vae_evaluation.reconstruction_sheet,
            ),
            Companion(
                _spec(
                    "vae_interpolate",
                    "a handwritten digit on the way between two pictures, 28x28",
                    ImageInterpolation(),
                ),
                lambda network: Interpolator(_vae(network)),
                vae_evaluation.interpolated,
                vae_evaluation.interpolation_sheet,
            ),
        ),
    )
)

"""`mlp_gan`: new handwritten digits, 28x28, from a network of dense layers. Its pictures are judged by `mnist_cnn`."""

from collections.abc import Iterator

from PIL import Image
from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.digits import LABELS, SOURCE, digit_pictures, load_digits
from sightline_export.measures.figures import Measurement
from sightline_export.measures.generation import generated, recognition
from sightline_export.model_spec import ModelSpec
from sightline_export.models.mlp_gan import Discriminator, Generator, MLPGANConfig
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.sheets.contact_sheet import grid
from sightline_export.tasks.picture_output import opened
from sightline_export.tasks.unconditional_image_generation import UnconditionalImageGeneration
from sightline_export.training.adversarial import AdversarialSettings, describe, train_adversarial
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=28, height=28, mode="gray")
JUDGE = "mnist_cnn"
RECOGNISED_FLOOR = 0.6
SHOWN_ROWS, SHOWN_COLUMNS = 6, 12

_CONFIG = MLPGANConfig(side=PIXELS.width)
_SETTINGS = AdversarialSettings(epochs=200, latent=_CONFIG.latent, learning_rate=1e-3, penalty=(0.03, 0.3), darkest=0.0)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    digits, _ = load_digits()
    return train_adversarial(network, Discriminator(_CONFIG), digits.render(PIXELS), _SETTINGS, checkpoint)


def _evaluate(evaluation: Evaluation) -> Measurement:
    return recognition(evaluation.model, evaluation.required[JUDGE], JUDGE, LABELS, RECOGNISED_FLOOR)


def _sheet(evaluation: Evaluation) -> Image.Image:
    """The first seeds, whatever comes of them."""
    pictures = opened(generated(evaluation.model, range(SHOWN_ROWS * SHOWN_COLUMNS)))
    firsts = range(0, len(pictures), SHOWN_COLUMNS)
    rows = [pictures[first : first + SHOWN_COLUMNS] for first in firsts]
    return grid(rows, row_titles=[f"seeds from {first}" for first in firsts], tile=64)


register(
    Recipe(
        spec=ModelSpec(
            name="mlp_gan",
            summary="new handwritten digits, 28x28, from a seed, by dense layers only",
            architecture="Goodfellow et al., Generative Adversarial Nets, 2014",
            task=UnconditionalImageGeneration(latent=_CONFIG.latent, darkest=_SETTINGS.darkest),
            pixels=PIXELS,
            pictures=lambda count: digit_pictures(count, (2 * PIXELS.width, 2 * PIXELS.height)),
            data=SOURCE,
            licence="data CC BY 4.0",
            limits="It draws single digits like its training scans, bright on dark; some pictures are no clear digit.",
        ),
        build=lambda: Generator(_CONFIG),
        train=_train,
        key=f"mlp_gan {_CONFIG} {describe(_SETTINGS)}",
        evaluate=_evaluate,
        requires=(JUDGE,),
        sheet=_sheet,
    )
)

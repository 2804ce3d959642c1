"""`gan`: new handwritten digits from a seed, any or the one that is named. Its pictures are judged by `cnn`."""

from collections.abc import Iterator

from PIL import Image
from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.digits import LABELS, SOURCE, digit_pictures, load_digits
from sightline_export.measures.figures import Measurement
from sightline_export.measures.generation import generated, obedience, recognition
from sightline_export.model_spec import ModelSpec
from sightline_export.models.gan import Discriminator, GANConfig, Generator
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.sheets.contact_sheet import grid
from sightline_export.tasks.conditional_image_generation import ConditionalImageGeneration
from sightline_export.tasks.picture_output import opened
from sightline_export.training.adversarial import AdversarialSettings, describe, train_adversarial
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=16, height=16)
RECOGNISED_FLOOR = 0.7
NAMED_FLOOR = 0.8
SHOWN = range(12)  # seeds

_CONFIG = GANConfig()
_SETTINGS = AdversarialSettings(epochs=60, latent=_CONFIG.latent)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    digits, _ = load_digits()
    return train_adversarial(
        network, Discriminator(_CONFIG), digits.render(PIXELS), _SETTINGS, checkpoint, digits.labels
    )


def _evaluate(evaluation: Evaluation) -> Measurement:
    """What `cnn` sees where the class is left to the seed, and where it is named."""
    asked = evaluation.model, evaluation.required["cnn"], "cnn", LABELS
    drawn, named = recognition(*asked, RECOGNISED_FLOOR), obedience(*asked, NAMED_FLOOR)
    return Measurement(
        figures=(*named.figures, *drawn.figures),
        per_class={label: {**named.per_class[label], **drawn.per_class[label]} for label in LABELS},
    )


def _sheet(evaluation: Evaluation) -> Image.Image:
    rows = [opened(generated(evaluation.model, SHOWN, class_id)) for class_id in range(len(LABELS))]
    return grid(rows, row_titles=LABELS, column_titles=[f"seed {seed}" for seed in SHOWN], tile=64)


register(
    Recipe(
        spec=ModelSpec(
            name="gan",
            summary="new handwritten digits, 16x16, from a seed; any digit or the one that is named",
            architecture=(
                "Goodfellow et al., Generative Adversarial Nets, 2014; Radford et al., DCGAN, 2015; Mirza & Osindero, "
                "Conditional Generative Adversarial Nets, 2014; Miyato & Koyama, cGANs with Projection Discriminator, "
                "2018"
            ),
            task=ConditionalImageGeneration(latent=_CONFIG.latent),
            pixels=PIXELS,
            pictures=lambda count: digit_pictures(count, (2 * PIXELS.width, 2 * PIXELS.height)),
            labels=LABELS,
            data=SOURCE,
            licence="data CC BY 4.0",
            limits="It draws single digits like its training scans, bright on dark; some pictures are no clear digit.",
        ),
        build=lambda: Generator(_CONFIG),
        train=_train,
        key=f"gan {_CONFIG} {describe(_SETTINGS)}",
        evaluate=_evaluate,
        requires=("cnn",),
        sheet=_sheet,
    )
)

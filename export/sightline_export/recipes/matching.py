"""`matching`: a vector for a picture of a digit, such that the most similar vectors are of the same digit."""

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from sightline_backend.pictures import open_picture
from sightline_backend.pixels import PixelSpec
from sightline_backend.steps import files_array
from sightline_export.datasets.digits import LABELS, SOURCE, WRITERS, Digits, digit_pictures, load_digits
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.measures.retrieval import equal_error_rate, nearest, pairs, retrieval
from sightline_export.model_spec import ModelSpec
from sightline_export.models.embedder import Embedder, EmbedderConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.sheets.contact_sheet import grid
from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction
from sightline_export.training.augment import photograph
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.margin import MarginSettings, describe, train_margin
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=64, height=64)
NEAREST = 5
RECALL_FLOOR = 0.95
PRECISION_FLOOR = 0.9

_CONFIG = EmbedderConfig()
_SETTINGS = MarginSettings(epochs=18)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    digits, _ = load_digits()
    return train_margin(network, digits.render(PIXELS), digits.labels, _as_photographed, _SETTINGS, checkpoint)


def _as_photographed(pictures: Tensor, _: Tensor, generator: torch.Generator) -> Tensor:
    return photograph(pictures, generator)


def _evaluate(evaluation: Evaluation) -> Measurement:
    """Every held-out digit is a query once; it is searched for among all the other held-out digits."""
    _, held_out = load_digits()
    embeddings = _embeddings(evaluation, held_out)
    found = retrieval(embeddings, held_out.labels, NEAREST)
    error, _ = equal_error_rate(*pairs(embeddings, held_out.labels))
    return Measurement(
        figures=(
            Figure(
                f"recall@{NEAREST}: held-out digits with one of their kind among the {NEAREST} nearest others",
                found.recall,
                RECALL_FLOOR,
            ),
            Figure(
                f"precision@{NEAREST}: share of those {NEAREST} that are of their kind",
                found.precision,
                PRECISION_FLOOR,
            ),
            Figure("equal error rate of the same digit or another, pairs of held-out digits", error),
        ),
        per_class=found.per_class(LABELS),
    )


def _sheet(evaluation: Evaluation) -> Image.Image:
    """One held-out digit of each kind, and its nearest among the others."""
    _, held_out = load_digits()
    embeddings = _embeddings(evaluation, held_out)
    labels = cast("list[int]", held_out.labels.tolist())
    first = [labels.index(label) for label in range(len(LABELS))]
    found = cast("list[list[int]]", nearest(embeddings, NEAREST).tolist())
    rows = [[query, *found[query]] for query in first]
    titles = ("asked", "nearest", *(f"{n}." for n in range(2, NEAREST + 1)))
    return grid(
        [[open_picture(held_out.pictures[k]) for k in row] for row in rows], (), titles, 64, Image.Resampling.BICUBIC
    )


def _embeddings(evaluation: Evaluation, digits: Digits) -> NDArray[np.float32]:
    return evaluation.model({"IMAGE": files_array(digits.pictures)})["EMBEDDING"].astype(np.float32)


register(
    Recipe(
        spec=ModelSpec(
            name="matching",
            summary="vectors of handwritten digits: similar ones lie close, for search",
            architecture="Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, 2019",
            task=ImageFeatureExtraction(dimensions=_CONFIG.dimensions),
            pixels=PIXELS,
            pictures=lambda count: digit_pictures(count, (2 * PIXELS.width, 2 * PIXELS.height)),
            normalisation=PLUS_MINUS_ONE,
            data=SOURCE,
            licence="data CC BY 4.0",
            limits=(
                "It knows digits only: it puts any other picture somewhere among them. Compare vectors of one version "
                f"with each other only. {WRITERS}"
            ),
        ),
        build=lambda: Embedder(_CONFIG),
        train=_train,
        key=f"matching {_CONFIG} {describe(_SETTINGS)}",
        evaluate=_evaluate,
        sheet=_sheet,
    )
)

"""`face`: a vector for the largest face of a picture, or for a whole picture without one. Its identities are digits.

The figures that are promised are those of digits, of which there are enough to measure: a digit shows no face, so the
whole picture is embedded. The faces that scikit-image carries are further identities in training, and measured apart.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_backend.face_alignment import FaceAlignment, align_batch
from sightline_backend.pixels import PixelSpec
from sightline_backend.steps import files_array
from sightline_export.datasets.digits import LABELS, WRITERS, digit_pictures, load_digits
from sightline_export.datasets.digits import SOURCE as DIGITS_SOURCE
from sightline_export.datasets.face_takes import held_out_takes
from sightline_export.datasets.faces import SOURCE as FACES_SOURCE
from sightline_export.datasets.faces import portraits, small_faces
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.measures.retrieval import equal_error_rate, pairs, per_class_error
from sightline_export.model_spec import ModelSpec, PictureFile
from sightline_export.models.embedder import Embedder, EmbedderConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Recipe, register
from sightline_export.sheets.face import face_sheet
from sightline_export.tasks.face_embedding import FaceEmbedding
from sightline_export.training.augment import photograph
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.face_views import face_view
from sightline_export.training.margin import MarginSettings, describe, train_margin
from sightline_export.training.progress import Epoch

PIXELS = PixelSpec(width=64, height=64, mode="gray")  # there are grey faces only to learn from
ALIGNMENT = FaceAlignment(PIXELS, fallback="whole")
RIGHT_FLOOR = 0.95  # an equal error rate of 0.05 at most
FACE_REPEATS = 8  # of each face in an epoch: there is one picture of each, and 144 of each digit

_CONFIG = EmbedderConfig(channels=PIXELS.channels)
_SETTINGS = MarginSettings(epochs=16)


def _train(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    digits, _ = load_digits()
    faces = align_batch(small_faces().train, ALIGNMENT)
    persons = len(LABELS) + np.arange(len(faces))
    pixels = np.concatenate([digits.render(PIXELS), np.repeat(faces, FACE_REPEATS, axis=0)])
    identities = np.concatenate([digits.labels, np.repeat(persons, FACE_REPEATS)])
    return train_margin(network, pixels, identities, _augment, _SETTINGS, checkpoint)


def _augment(pictures: Tensor, identities: Tensor, generator: torch.Generator) -> Tensor:
    """Digits in any ink and light; faces as cameras differ. Pictures: (B, 1, H, W)."""
    digit = identities < len(LABELS)
    views = torch.empty_like(pictures)
    views[digit] = photograph(pictures[digit], generator).mean(dim=1, keepdim=True)
    views[~digit] = face_view(pictures[~digit], generator)
    return views


def _evaluate(evaluation: Evaluation) -> Measurement:
    """Of every pair of held-out pictures: are both of one identity?

    A similarity is taken for `the same` from that threshold on at which both kinds of mistake are equally frequent.
    """
    _, digits = load_digits()
    vectors = embeddings(evaluation, digits.pictures)
    error, threshold = equal_error_rate(*pairs(vectors, digits.labels))
    takes = held_out_takes()
    face_error, face_threshold = equal_error_rate(*pairs(embeddings(evaluation, takes.files), takes.persons))
    return Measurement(
        figures=(
            Figure("pairs of held-out digits told right, 1 - equal error rate", 1 - error, RIGHT_FLOOR),
            Figure("similarity from which two digits count as the same", threshold),
            Figure("pairs of takes of held-out faces told right, 1 - equal error rate", 1 - face_error),
            Figure("similarity from which two faces count as the same", face_threshold),
        ),
        per_class=per_class_error(vectors, digits.labels, LABELS, threshold),
    )


def embeddings(evaluation: Evaluation, files: tuple[bytes, ...]) -> NDArray[np.float32]:
    """What the whole model answers, (n, D)."""
    return evaluation.model({"IMAGE": files_array(files)})["EMBEDDING"].astype(np.float32)


def _pictures(count: int) -> tuple[PictureFile, ...]:
    """Portraits and held-out digits in turn."""
    faces = portraits((count + 1) // 2)
    digits = digit_pictures(count // 2, (2 * PIXELS.width, 2 * PIXELS.height))
    return tuple((faces, digits)[index % 2][index // 2] for index in range(count))


register(
    Recipe(
        spec=ModelSpec(
            name="face",
            summary="vectors of faces: found, turned upright and compared",
            architecture="Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, 2019",
            task=FaceEmbedding(dimensions=_CONFIG.dimensions, fallback=ALIGNMENT.fallback),
            pixels=PIXELS,
            pictures=_pictures,
            normalisation=PLUS_MINUS_ONE,
            data=f"{DIGITS_SOURCE}; {FACES_SOURCE}. Held out: 360 digits, 30 faces, the portrait",
            licence="digits CC BY 4.0; the faces were published for research",
            limits=(
                "It shows the whole way from a picture to a comparison, and is not fit to recognise people: it has "
                "seen 70 small grey faces, one picture of each, and the takes that it is measured on are drawn from "
                "one picture each. For people, export a network trained for it with --faces. A picture without a face "
                "is embedded whole; such a network's entry refuses it instead. Turned, covered and small faces are "
                f"not found. {WRITERS}"
            ),
        ),
        build=lambda: Embedder(_CONFIG),
        train=_train,
        key=f"face {_CONFIG} {describe(_SETTINGS)}",
        evaluate=_evaluate,
        sheet=lambda evaluation: face_sheet(lambda files: embeddings(evaluation, files), ALIGNMENT),
    )
)

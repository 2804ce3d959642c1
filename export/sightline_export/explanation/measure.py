"""How good heat maps are: deletion and insertion scores, against those of random heat maps.

Petsiuk et al., "RISE" (2018), section 4: the pixels are hidden in the order of the heat map, the hottest first, and the
mean score on the way is the deletion score, low where the map is good; insertion shows them in the same order instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.explanation.explainer import TOP_CLASS
from sightline_backend.explanation.masking import baseline_colour
from sightline_backend.explanation.spec import MEAN
from sightline_backend.pictures import encode_png
from sightline_backend.pixels import decode
from sightline_backend.steps import files_array
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Evaluate, Evaluation
from sightline_export.verification.parity import Runtime

PICTURES = 20
STEPS = 16  # shares of the picture that are hidden one after the other
SEED = 0
DELETION_MARGIN = 0.15
INSERTION_MARGIN = 0.05

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Curves:
    """Mean scores of a class while its picture is hidden, and while it is shown, part by part."""

    deletion: float
    insertion: float


def explanation_measure(spec: ModelSpec) -> Evaluate:
    """Measures the heat maps of the classifier `spec` on its own pictures, which it was not trained on.

    The figures come with floors: how much better than random ones of the same grid they have to be.
    """

    def evaluate(evaluation: Evaluation) -> Measurement:
        classify, rng = evaluation.required[spec.name], np.random.default_rng(SEED)
        found: list[Curves] = []
        random: list[Curves] = []
        for pixels in as_seen(spec, PICTURES):
            answer = evaluation.model({"IMAGE": _files([pixels]), "CLASS_ID": np.array([[TOP_CLASS]], np.int32)})
            heat, class_id = np.asarray(answer["HEATMAP"][0], dtype=np.float32), int(answer["CLASS_ID"][0, 0])
            found.append(curves(pixels, hottest_first(heat, pixels, rng), class_id, classify))
            random.append(
                curves(pixels, hottest_first(rng.random(heat.shape, np.float32), pixels, rng), class_id, classify)
            )
        deletion, insertion = (
            (
                float(np.mean([getattr(each, name) for each in found])),
                float(np.mean([getattr(each, name) for each in random])),
            )
            for name in ("deletion", "insertion")
        )
        return Measurement(
            (
                Figure("deletion score below that of random heat maps by", deletion[1] - deletion[0], DELETION_MARGIN),
                Figure(
                    "insertion score above that of random heat maps by", insertion[0] - insertion[1], INSERTION_MARGIN
                ),
                Figure("deletion score", deletion[0]),
                Figure("deletion score of random heat maps", deletion[1]),
                Figure("insertion score", insertion[0]),
                Figure("insertion score of random heat maps", insertion[1]),
            )
        )

    return evaluate


def as_seen(spec: ModelSpec, count: int) -> list[Pixels]:
    """Pictures (h, w, 3) of the very size that the network takes, so that a place in one is the same in the other."""
    pixels = [decode(picture.content, spec.pixels) for picture in spec.pictures(count)]
    return [np.repeat(each, 3, axis=2) if each.shape[2] == 1 else each for each in pixels]


def hottest_first(heat: NDArray[np.float32], pixels: Pixels, rng: np.random.Generator) -> NDArray[np.intp]:
    """The pixels (h * w,) in the order of the heat map; equally hot cells in a random order, each as a whole."""
    height, width = pixels.shape[:2]
    ties = rng.permutation(heat.size).reshape(heat.shape).astype(np.float32)
    hot, tie = (
        np.asarray(Image.fromarray(each.astype(np.float32)).resize((width, height), Image.Resampling.NEAREST)).ravel()
        for each in (heat, ties)
    )
    return np.lexsort((tie, -hot))


def curves(pixels: Pixels, order: NDArray[np.intp], class_id: int, classify: Runtime) -> Curves:
    """Both scores of one picture (h, w, 3), hidden and shown in `order`."""
    colour = baseline_colour(pixels, MEAN)
    hidden, shown = [], []
    for step in range(STEPS + 1):
        first = np.zeros(len(order), dtype=np.bool_)
        first[order[: len(order) * step // STEPS]] = True
        part = first.reshape(*pixels.shape[:2], 1)
        hidden.append(np.where(part, colour, pixels))
        shown.append(np.where(part, pixels, colour))
    scores = classify({"IMAGE": _files([*hidden, *shown])})["SCORES"][:, class_id].astype(np.float64)
    return Curves(_area(scores[: STEPS + 1]), _area(scores[STEPS + 1 :]))


def _area(scores: NDArray[np.float64]) -> float:
    """Under the curve over [0, 1], by trapezoids."""
    return float((scores[:-1] + scores[1:]).mean() / 2)


def _files(pictures: list[Pixels]) -> NDArray[np.object_]:
    return files_array([encode_png(pixels) for pixels in pictures])

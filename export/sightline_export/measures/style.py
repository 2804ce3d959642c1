"""How much of a style is in a picture: Gram matrices in the features of a classifier that judges only.

The judge is trained like the classifier whose features style transfer learns from, from another seed: what that one's
features happen to overlook is seen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from sightline_export.datasets.enhancement_photographs import training_photographs
from sightline_export.datasets.painting import painting
from sightline_export.models.texture_classifier import TextureClassifier, TextureClassifierConfig
from sightline_export.training.style import gram, picture_tensor, relative_distance
from sightline_export.training.texture_features import FeatureSettings, train_features

JUDGE = FeatureSettings(epochs=5, seed=1)


@dataclass(frozen=True, eq=False)
class StyleJudge:
    """Measures how far pictures are from one style. classifier: in evaluation mode."""

    classifier: TextureClassifier
    style: NDArray[np.uint8]

    @torch.no_grad()
    def distance(self, picture: NDArray[np.uint8]) -> float:
        """Of a picture (h, w, 3) uint8 from the style: 0 for equal Gram matrices; the mean of the four stages.

        Gatys et al.'s loss of each stage (2016), the mean squared difference, as a share of the style's mean square.
        """
        wanted, got = (self._grams(pixels) for pixels in (self.style, picture))
        return float(np.mean([float(relative_distance(g, w)) for g, w in zip(got, wanted, strict=True)]))

    def fall(self, contents: Sequence[NDArray[np.uint8]], results: Sequence[NDArray[np.uint8]]) -> list[float]:
        """By which share the distance of each content falls: 1 where the result has the style and nothing else."""
        return [
            1 - self.distance(after) / self.distance(before) for before, after in zip(contents, results, strict=True)
        ]

    def _grams(self, picture: NDArray[np.uint8]) -> list[torch.Tensor]:
        return [gram(features) for features in self.classifier.features(picture_tensor(picture))]


@cache
def style_judge() -> StyleJudge:
    """The judge of our own painting, trained in some ten seconds; from a seed, so that it is always the same one.

    Its training has one thread: with more of them sums are rounded in another order, and another judge comes out.
    """
    pictures = (painting(), *(photograph.pixels for photograph in training_photographs()))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(JUDGE.seed)
        classifier = TextureClassifier(TextureClassifierConfig(classes=len(pictures)))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in train_features(classifier, pictures, JUDGE):
            pass
    finally:
        torch.set_num_threads(threads)
    return StyleJudge(classifier, painting())

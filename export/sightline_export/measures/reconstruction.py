"""Figures of models that give a picture back: how far it is from what was sent, against the mean of all pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sightline_export.measures.figures import Figure, Measurement

FIGURE = "reconstruction error below the mean picture's"

Levels = NDArray[np.uint8]


def reconstruction(
    sent: Levels,
    received: Levels,
    mean: NDArray[np.float64],
    labels: NDArray[np.int64],
    names: Sequence[str],
    floor: float,
) -> Measurement:
    """By which share the squared error is below that of always answering the mean picture.

    sent, received: (n, h, w, c). mean: (h, w, c), of the training pictures, in levels. labels: (n,). names: of the
    classes. floor: of the share over all pictures.
    """
    errors = _squared(received, sent.astype(np.float64))
    baselines = _squared(mean[None], sent.astype(np.float64))
    rows = {
        name: {
            "pictures": float((labels == k).sum()),
            "error in levels": float(np.sqrt(errors[labels == k].mean())),
            "below the mean picture's": below(errors[labels == k], baselines[labels == k]),
        }
        for k, name in enumerate(names)
        if (labels == k).any()
    }
    return Measurement(
        figures=(
            Figure(FIGURE, below(errors, baselines), floor),
            Figure("root mean squared error in levels", float(np.sqrt(errors.mean()))),
        ),
        per_class=rows,
    )


def below(errors: NDArray[np.float64], baselines: NDArray[np.float64]) -> float:
    """1 - error / baseline: 0 where they are equal, 1 where there is no error.

    >>> below(np.array([1.0, 2.0]), np.array([4.0, 2.0]))
    0.5
    """
    return 1.0 - float(errors.mean() / baselines.mean())


def _squared(pictures: NDArray[np.uint8] | NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean squared difference in levels of each picture, (n,)."""
    return np.square(pictures.astype(np.float64) - wanted).mean(axis=(1, 2, 3))

"""The answer of an image classifier."""

from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline.images import ImageLike
from sightline.results._checks import SCORE_MAX, check_array, check_scores


@dataclass(frozen=True, eq=False, repr=False)
class Classification:
    """The k best classes of a picture, best first.

    Attributes:
        labels: k class names.
        scores: (k,) float32, each in [0, 1], descending.
        class_ids: (k,) int64, the place of each class in the model's own list.

    Raises:
        ValueError: The fields do not fit each other.

    Example:
        ```python
        answer = client.classify("digit.png", top_k=3)
        print(answer.label, answer.score)  # 7 0.9987
        print(answer)                      # 7 0.999, 1 0.001, 4 0.000
        ```
    """

    labels: tuple[str, ...]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]

    def __post_init__(self) -> None:
        k = len(self.labels)
        if k == 0:
            raise ValueError("expected at least one label, got none")
        check_array("scores", self.scores, np.float32, (k,))
        check_array("class_ids", self.class_ids, np.int64, (k,))
        values = self.scores.tolist()
        # False for NaN as well
        if not (values[-1] >= 0 and values[0] <= SCORE_MAX and all(map(operator.ge, values, values[1:]))):
            check_scores("scores", self.scores)
            raise ValueError(f"expected scores in descending order, got {values}")

    @property
    def label(self) -> str:
        """Name of the best class."""
        return self.labels[0]

    @property
    def score(self) -> float:
        """Score of the best class, in [0, 1]."""
        return float(self.scores[0])

    def draw(self, image: ImageLike) -> PIL.Image.Image:
        """Draw a bar for each class below the picture.

        Args:
            image: The picture that was sent, in any form that `classify` takes.

        Returns:
            An RGB picture, upright and taller than `image` by the bars; small pictures are enlarged by a whole
            number.

        Raises:
            ImageError: The picture cannot be read here.

        Example:
            ```python
            client.classify("digit.png").draw("digit.png").save("answer.png")
            ```
        """
        from sightline import drawing

        return drawing.draw_classification(drawing.open_upright(image), self)

    def __str__(self) -> str:
        return ", ".join(f"{label} {score:.3f}" for label, score in zip(self.labels, self.scores, strict=True))

    def __repr__(self) -> str:
        return f"Classification({self})"

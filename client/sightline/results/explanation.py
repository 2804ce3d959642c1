"""The answer of an explanation: which parts of a picture speak for a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline.images import ImageLike
from sightline.results._checks import SCORE_MAX, check_array


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """How much each pixel of a picture speaks for one class.

    Attributes:
        heatmap: (H, W) float32, each in [0, 1], of the size of the picture as sent, after EXIF rotation.
        label: Name of the explained class.
        score: Score of this class, in [0, 1].
        class_id: The place of the class in the model's own list.
        method: How the heat map was made, such as "grad-cam"; "unknown" where the model does not say.

    Raises:
        ValueError: The heat map is empty, not float32 or not in [0, 1], or the score or the class id cannot be one.

    Example:
        ```python
        answer = client.explain("digit.png")
        print(answer)  # 7 0.999 by grad-cam, 64x64
        ```
    """

    heatmap: NDArray[np.float32]
    label: str
    score: float
    class_id: int
    method: str = "unknown"

    def __post_init__(self) -> None:
        check_array("heatmap", self.heatmap, np.float32, (None, None))
        low, high = float(self.heatmap.min()), float(self.heatmap.max())
        if not (low >= 0 and high <= 1):
            raise ValueError(f"expected heatmap in [0, 1], got {low:g} to {high:g}")
        if not 0 <= self.score <= SCORE_MAX:
            raise ValueError(f"expected score in [0, 1], got {self.score}")
        if self.class_id < 0:
            raise ValueError(f"expected class_id to be 0 or larger, got {self.class_id}")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.heatmap.shape[1], self.heatmap.shape[0]

    def draw(self, image: ImageLike) -> PIL.Image.Image:
        """Lay the heat map over the picture, with the label and its score.

        Args:
            image: The picture that was sent, in any form that `explain` takes.

        Returns:
            An RGB picture, upright and taller than `image` by one line of text; small pictures are enlarged by a whole
            number.

        Raises:
            ImageError: The picture cannot be read here, or has another size than the one that was sent.

        Example:
            ```python
            client.explain("digit.png").draw("digit.png").save("answer.png")
            ```
        """
        from sightline import drawing

        return drawing.draw_explanation(drawing.open_upright(image, size=self.size), self)

    def __str__(self) -> str:
        width, height = self.size
        return f"{self.label} {self.score:.3f} by {self.method}, {width}x{height}"

    def __repr__(self) -> str:
        return f"Explanation({self})"

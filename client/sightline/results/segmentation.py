"""The answer of a segmentation model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline.images import ImageLike
from sightline.results._checks import check_array


@dataclass(frozen=True, eq=False, repr=False)
class Segmentation:
    """The class of every pixel of a picture.

    Attributes:
        class_map: (H, W) uint8, the class id of each pixel of the picture as sent, after EXIF rotation.
        labels: Class names, where the index is the class id.

    Raises:
        ValueError: The map is empty or not uint8, or holds a class id that has no label.

    Example:
        ```python
        answer = client.segment("street.jpg")
        print(answer)                            # 640x480: road 61.2 %, car 38.8 %
        print(answer.mask("car").sum())          # 119194
        ```
    """

    class_map: NDArray[np.uint8]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        check_array("class_map", self.class_map, np.uint8, (None, None))
        largest = int(self.class_map.max())
        if largest >= len(self.labels):
            raise ValueError(f"expected class ids below {len(self.labels)}, one for each label, got {largest}")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.class_map.shape[1], self.class_map.shape[0]

    @property
    def shares(self) -> dict[str, float]:
        """Share of the picture, in (0, 1], of each class in it, largest first."""
        counts = np.bincount(self.class_map.ravel(), minlength=len(self.labels))
        order = np.argsort(-counts, kind="stable")
        shares: dict[str, float] = {}
        for class_id in [int(each) for each in order[counts[order] > 0]]:
            label = self.labels[class_id]
            shares[label] = shares.get(label, 0.0) + int(counts[class_id]) / self.class_map.size
        return shares

    def mask(self, label: str) -> NDArray[np.bool_]:
        """Return where a class is.

        Args:
            label: One of `labels`.

        Returns:
            (H, W) bool, True where a pixel has this class.

        Raises:
            ValueError: There is no such label.

        Example:
            ```python
            client.segment("street.jpg").mask("car").mean()  # 0.388
            ```
        """
        class_ids = [class_id for class_id, each in enumerate(self.labels) if each == label]
        if not class_ids:
            shown = ", ".join(self.labels[:20]) + (", …" if len(self.labels) > 20 else "")
            raise ValueError(f"expected one of the labels {shown}, got {label!r}; check its spelling")
        return np.isin(self.class_map, class_ids)

    def draw(self, image: ImageLike) -> PIL.Image.Image:
        """Colour each class in the picture, with a legend; a class 0 for the background stays as it is.

        Args:
            image: The picture that was sent, in any form that `segment` takes.

        Returns:
            An RGB picture, upright and taller than `image` by the legend; small pictures are enlarged by a
            whole number.

        Raises:
            ImageError: The picture cannot be read here, or has another size than the one that was sent.

        Example:
            ```python
            client.segment("street.jpg").draw("street.jpg").save("answer.png")
            ```
        """
        from sightline import drawing

        return drawing.draw_segmentation(drawing.open_upright(image, size=self.size), self)

    def __str__(self) -> str:
        width, height = self.size
        return f"{width}x{height}: " + ", ".join(f"{label} {share:.1%}" for label, share in self.shares.items())

    def __repr__(self) -> str:
        return f"Segmentation({self})"

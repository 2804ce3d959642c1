"""The answer of an object detector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, overload

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline.images import ImageLike
from sightline.results._checks import check_array, check_scores

Places: TypeAlias = slice | Sequence[int] | NDArray[np.bool_] | NDArray[np.integer[Any]]
"""Which of n objects: a slice, numbers of places, or a mask of n booleans."""

_FLOAT_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Detection:
    """One object in a picture.

    Attributes:
        xyxy: Left, top, right and bottom in pixels of the picture; the origin is its top left corner.
        label: Name of the class.
        score: In [0, 1].
        class_id: The place of the class in the model's own list.

    Example:
        ```python
        for detection in client.detect("street.jpg"):
            print(detection)  # person 0.982 at 12, 40, 108, 300
        ```
    """

    xyxy: tuple[float, float, float, float]
    label: str
    score: float
    class_id: int

    def __str__(self) -> str:
        return f"{self.label} {self.score:.3f} at {', '.join(f'{each:.0f}' for each in self.xyxy)}"


@dataclass(frozen=True, eq=False, repr=False)
class Detections:
    """The objects in a picture: n boxes with their classes, as `detect` returns them best first.

    `len` counts them, iteration gives each as a `Detection`. A number as index gives one `Detection`; a slice, a
    boolean mask or an array of numbers gives `Detections`, in the order asked for.

    Attributes:
        xyxy: (n, 4) float32, left, top, right and bottom in pixels of the picture as sent, after EXIF rotation, clipped
            to the picture. The origin is the top left corner, x goes right, y goes down.
        scores: (n,) float32, each in [0, 1].
        class_ids: (n,) int64, the place of each class in the model's own list.
        labels: n class names.
        size: (width, height) of the picture in pixels, or None where its header cannot be read here.

    Raises:
        ValueError: The fields do not fit each other.

    Example:
        ```python
        found = client.detect("street.jpg", threshold=0.3)
        print(found)                                # 2 objects: person 0.982, dog 0.711
        print(found[found.scores > 0.9].xyxy)       # [[ 12.  40. 108. 300.]]
        ```
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    labels: tuple[str, ...]
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        n = len(self.labels)
        check_array("xyxy", self.xyxy, np.float32, (n, 4))
        check_array("scores", self.scores, np.float32, (n,))
        check_array("class_ids", self.class_ids, np.int64, (n,))
        check_scores("scores", self.scores)
        if np.any(self.class_ids < 0):
            raise ValueError(f"expected class_ids of 0 or larger, got {self.class_ids.tolist()}")
        if self.size is not None and min(self.size) < 1:
            raise ValueError(f"expected a size of at least 1 x 1 pixel, got {self.size}")
        width, height = self.size or (_FLOAT_MAX, _FLOAT_MAX)
        left, top, right, bottom = [self.xyxy[:, axis] for axis in range(4)]
        fits = np.logical_and.reduce(
            [left >= 0, left <= right, right <= width, top >= 0, top <= bottom, bottom <= height]
        )
        if not fits.all():
            raise ValueError(
                f"expected xyxy with 0 <= left <= right and 0 <= top <= bottom inside of {self.size or 'the picture'}, "
                f"got {self.xyxy[int(np.argmin(fits))].tolist()}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Detection]:
        return (self[place] for place in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Detection: ...
    @overload
    def __getitem__(self, index: Places) -> Detections: ...
    def __getitem__(self, index: int | Places) -> Detection | Detections:
        if isinstance(index, Sequence):
            # An empty list would be an array of floats, which numpy takes for no index.
            index = np.array(index) if len(index) else np.empty(0, dtype=np.intp)
        chosen: Any = np.arange(len(self))[index]
        if np.ndim(chosen) == 0:
            place = int(chosen)
            left, top, right, bottom = self.xyxy[place].tolist()
            return Detection(
                xyxy=(left, top, right, bottom),
                label=self.labels[place],
                score=float(self.scores[place]),
                class_id=int(self.class_ids[place]),
            )
        places: list[int] = chosen.tolist()
        return Detections(
            xyxy=self.xyxy[chosen],
            scores=self.scores[chosen],
            class_ids=self.class_ids[chosen],
            labels=tuple(self.labels[place] for place in places),
            size=self.size,
        )

    def to_supervision(self) -> Any:
        """Return the same boxes as a `supervision.Detections`, whose `data["class_name"]` holds the labels.

        Raises:
            ImportError: The package supervision is not installed.

        Example:
            ```python
            supervision.BoxAnnotator().annotate(scene, client.detect("street.jpg").to_supervision())
            ```
        """
        try:
            import supervision  # pyright: ignore[reportMissingImports]
        except ImportError as exc:
            raise ImportError(
                "expected the package supervision to be installed, got none; install it with `pip install supervision`"
            ) from exc
        annotators: Any = supervision
        return annotators.Detections(
            xyxy=self.xyxy.copy(),
            confidence=self.scores.copy(),
            class_id=self.class_ids.copy(),
            data={"class_name": np.array(self.labels, dtype=np.str_)},
        )

    def draw(self, image: ImageLike) -> PIL.Image.Image:
        """Draw each box with its label and score.

        Args:
            image: The picture that was sent, in any form that `detect` takes.

        Returns:
            An RGB picture, upright, of the size of `image`; small pictures are enlarged by a whole number.

        Raises:
            ImageError: The picture cannot be read here, or has another size than the one that was sent.

        Example:
            ```python
            client.detect("street.jpg").draw("street.jpg").save("answer.png")
            ```
        """
        from sightline import drawing

        return drawing.draw_detections(drawing.open_upright(image, size=self.size), self)

    def __str__(self) -> str:
        found = ", ".join(f"{label} {score:.3f}" for label, score in zip(self.labels, self.scores, strict=True))
        return f"{len(self)} object{'' if len(self) == 1 else 's'}{': ' if found else ''}{found}"

    def __repr__(self) -> str:
        return f"Detections({self})"

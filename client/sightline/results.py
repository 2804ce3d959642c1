"""Answers as typed values: frozen, validated when made, arrays with a stated shape and dtype."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
        _check_array("scores", self.scores, np.float32, (k,))
        _check_array("class_ids", self.class_ids, np.int64, (k,))
        if not np.all((self.scores >= 0) & (self.scores <= 1 + 1e-5)):
            raise ValueError(f"expected scores in [0, 1], got {self.scores.tolist()}")
        if np.any(np.diff(self.scores) > 0):
            raise ValueError(f"expected scores in descending order, got {self.scores.tolist()}")

    @property
    def label(self) -> str:
        """Name of the best class."""
        return self.labels[0]

    @property
    def score(self) -> float:
        """Score of the best class, in [0, 1]."""
        return float(self.scores[0])

    def __str__(self) -> str:
        return ", ".join(f"{label} {score:.3f}" for label, score in zip(self.labels, self.scores, strict=True))

    def __repr__(self) -> str:
        return f"Classification({self})"


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of a model.

    Attributes:
        name: Name of the tensor.
        datatype: Triton's name of the element type, such as "FP32", "UINT8" or "BYTES".
        shape: Size of each axis, -1 where it may vary. The batch axis, if the model has one, is the first and -1.

    Raises:
        ValueError: The name is empty, or an axis is smaller than -1.

    Example:
        ```python
        print(TensorInfo("SCORES", "FP32", (-1, 10)))  # SCORES FP32 [-1, 10]
        ```
    """

    name: str
    datatype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.name or not self.datatype:
            raise ValueError(f"expected a name and a datatype, got {self.name!r} and {self.datatype!r}")
        if any(size < -1 for size in self.shape):
            raise ValueError(f"expected axes of {self.name!r} to be -1 or larger, got {self.shape}")

    def __str__(self) -> str:
        return f"{self.name} {self.datatype} {list(self.shape)}"


@dataclass(frozen=True)
class ModelInfo:
    """What the server says about one version of a model.

    Attributes:
        name: Name of the model, as passed to `model=`.
        task: Hugging Face task id such as "image-classification"; None for a step inside another model.
        version: Number of the version, 1 or larger.
        labels: Class names, where the index is the class id; empty where the model has none.
        inputs: Tensors that the model takes.
        outputs: Tensors that the model gives.

    Raises:
        ValueError: The name is empty, or the version is smaller than 1.

    Example:
        ```python
        for model in client.models():
            print(model)  # cnn (image-classification, version 1)
        ```
    """

    name: str
    task: str | None
    version: int
    labels: tuple[str, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("expected the name of a model, got an empty string")
        if self.version < 1:
            raise ValueError(f"expected a version of {self.name!r} of 1 or larger, got {self.version}")

    def __str__(self) -> str:
        return f"{self.name} ({self.task or 'a step of other models'}, version {self.version})"


def _check_array(name: str, array: NDArray[Any], dtype: type[np.generic], shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise ValueError(
            f"expected {name} to be {np.dtype(dtype)} of shape {shape}, got {array.dtype} of shape {array.shape}"
        )

"""What an operation is, and what it reads its parameters with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy.typing as npt
from PIL import Image

from sightline_backend.errors import EditError
from sightline_backend.model_config import TensorSpec
from sightline_backend.pictures import MAX_SIDE

Values: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""Parameters by the names of their tensors."""


@dataclass(frozen=True)
class Edit:
    """One operation on an upright RGB picture.

    name: of the operation.
    inputs: its parameters; every one may be left out.
    apply: picture, parameters without a batch axis, and the most pixels that the result may have -> RGB picture; raises
        EditError where a parameter can't be used.
    """

    name: str
    inputs: tuple[TensorSpec, ...]
    apply: Callable[[Image.Image, Values, int], Image.Image]

    def __post_init__(self) -> None:
        if not all(each.optional for each in self.inputs):
            raise ValueError(f"expected inputs of {self.name} that may be left out, got one that may not")


def parameter(name: str, data_type: str, dims: tuple[int, ...] = (1,)) -> TensorSpec:
    """An input that requests may leave out."""
    return TensorSpec(name, data_type, dims, optional=True)


def number(values: Values, name: str, least: float, most: float) -> float | None:
    """Return the number in a parameter of shape (1,); None where it was left out.

    Raises:
        EditError: it is not from `least` to `most`.
    """
    if name not in values:
        return None
    value = float(values[name][0])
    if not (math.isfinite(value) and least <= value <= most):
        raise EditError(
            f"{name}: expected a number from {least:.10g} to {most:.10g}, got {value:.10g}; send such a one"
        )
    return value


def check_result_wh(size_wh: tuple[int, int], max_pixels: int, advice: str) -> None:
    """Raise EditError for a result that is too large to be made, or to be sent again."""
    width, height = size_wh
    if width * height > max_pixels or max(size_wh) > MAX_SIDE:
        raise EditError(
            f"expected a result of at most {max_pixels / 1e6:g} megapixels and {MAX_SIDE} pixels a side, got "
            f"{width}x{height} ({width * height / 1e6:.1f} megapixels); {advice}"
        )

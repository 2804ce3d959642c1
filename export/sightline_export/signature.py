"""What a served network takes and gives: names, types and shapes, as Triton writes them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

Datatype = Literal["UINT8", "INT32", "INT64", "FP32", "BYTES"]
NUMPY_TYPES: Mapping[Datatype, type[np.generic]] = {
    "UINT8": np.uint8,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP32": np.float32,
    "BYTES": np.object_,
}


@dataclass(frozen=True)
class TensorSpec:
    """One input or output.

    shape: without the batch axis; -1 where it varies.
    tolerance: the difference allowed between two runtimes: as a share of the largest value where the type is FP32, in
        levels where it is UINT8 or the bytes of a picture.
    most: never more than this, however large the values are.
    flips: share of the elements that may differ by more than that: classes at the edge between two of them.
    optional: whether requests may leave this input out.
    labelled: whether index i of the vector means line i of labels.txt.
    nhwc: whether the tensor is a picture (height, width, channels).
    """

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    tolerance: float = 0.0
    labelled: bool = False
    nhwc: bool = False
    most: float = math.inf
    flips: float = 0.0
    optional: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.shape or any(size == 0 or size < -1 for size in self.shape):
            raise ValueError(f"expected a name and a shape of sizes >= 1 or -1, got {self.name!r} {self.shape}")
        if not 0 <= self.flips < 1:
            raise ValueError(f"expected the share of flips of {self.name!r} in [0, 1), got {self.flips}")
        if self.nhwc and len(self.shape) != 3:
            raise ValueError(f"expected (height, width, channels) for the picture {self.name!r}, got {self.shape}")


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of a network, in the order of the graph."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def __post_init__(self) -> None:
        for specs in (self.inputs, self.outputs):
            names = [spec.name for spec in specs]
            if not names or len(set(names)) != len(names):
                raise ValueError(f"expected inputs and outputs, each with distinct names, got {names}")

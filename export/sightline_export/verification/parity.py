"""Two runtimes, one answer: how far apart their outputs are, and how far they may be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_export.signature import TensorSpec

Arrays = Mapping[str, NDArray[Any]]
Runtime = Callable[[Arrays], Arrays]


@dataclass(frozen=True)
class Parity:
    """The largest absolute difference of one output at one batch size, between PyTorch's answer and `runtime`'s.

    first: the example that the batch began with.
    """

    output: str
    batch: int
    difference: float
    tolerance: float
    runtime: str = "ONNX Runtime"
    first: int = 0

    @property
    def holds(self) -> bool:
        # A NaN difference compares False and so fails, as it should.
        return self.difference <= self.tolerance


def batch_sizes(max_batch_size: int) -> tuple[int, ...]:
    """1, 2, 3 and the maximum: where graphs with a frozen or mishandled batch axis differ."""
    return tuple(sorted({1, 2, 3, max_batch_size} & set(range(1, max_batch_size + 1))))


def compare(
    answers: Arrays,
    candidate: Runtime,
    inputs: Arrays,
    outputs: Sequence[TensorSpec],
    max_batch_size: int,
    runtime: str = "ONNX Runtime",
) -> tuple[Parity, ...]:
    """Hold what `candidate` answers at batch 1, 2, 3 and `max_batch_size`, and to every input once, against `answers`.

    answers: PyTorch's, to all rows of `inputs` (batch axis first); see :func:`in_chunks`.
    inputs: at least `max_batch_size` real examples per input.
    runtime: the name of the candidate.

    Raises ValueError for too few inputs, and where there is no output: no comparison is no agreement.
    """
    if not outputs:
        raise ValueError("expected outputs to compare, got none")
    count = min(len(array) for array in inputs.values())
    if count < max_batch_size:
        raise ValueError(f"expected at least {max_batch_size} examples of every input, got {count}")
    slices = [slice(0, batch) for batch in batch_sizes(max_batch_size)]
    slices += [slice(start, start + max_batch_size) for start in range(max_batch_size, count, max_batch_size)]
    rows: dict[tuple[str, int], Parity] = {}
    for some in slices:
        for row in compare_answers(_rows(answers, some), candidate(_rows(inputs, some)), outputs, runtime, some.start):
            known = rows.setdefault((row.output, row.batch), row)
            rows[row.output, row.batch] = worst_of((known, row))
    return tuple(rows.values())


def in_chunks(runtime: Runtime, inputs: Arrays, size: int) -> Arrays:
    """The answers of `runtime` to all rows of `inputs`, asked `size` at a time."""
    count = min(len(array) for array in inputs.values())
    parts = [runtime(_rows(inputs, slice(start, start + size))) for start in range(0, count, size)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def chunked(runtime: Runtime, size: int) -> Runtime:
    """`runtime` for any number of rows: it is asked at most `size` at a time."""
    return lambda inputs: in_chunks(runtime, inputs, size)


def _rows(arrays: Arrays, some: slice) -> Arrays:
    return {name: array[some] for name, array in arrays.items()}


def compare_answers(
    wanted: Arrays, got: Arrays, outputs: Sequence[TensorSpec], runtime: str, first: int = 0
) -> tuple[Parity, ...]:
    """One row per output for the answers to one batch."""
    return tuple(
        Parity(
            output=spec.name,
            batch=len(wanted[spec.name]),
            difference=max_abs_difference(wanted[spec.name], got[spec.name], spec.flips),
            tolerance=allowed_difference(wanted[spec.name], spec),
            runtime=runtime,
            first=first,
        )
        for spec in outputs
    )


def allowed_difference(wanted: NDArray[Any], spec: TensorSpec) -> float:
    """The tolerance in the unit of the output: of the largest value for numbers, in levels for pixels and pictures.

    A tolerance that is not relative would let everything pass where scores are small, as those of random weights are.
    """
    if wanted.dtype.kind != "f":
        return spec.tolerance
    return min(spec.tolerance * float(np.max(np.abs(wanted), initial=0.0)), spec.most)


def max_abs_difference(wanted: NDArray[Any], got: NDArray[Any], flips: float = 0.0) -> float:
    """Infinity where shapes differ, NaN where either side has one. Encoded pictures are compared by their levels.

    flips: the share of the elements, the worst ones, that is passed over.
    """
    if wanted.dtype.kind == "O":
        if wanted.shape != got.shape:
            return float("inf")
        pairs = zip(wanted.ravel(), got.ravel(), strict=True)
        return max((max_abs_difference(_levels(left), _levels(right), flips) for left, right in pairs), default=0.0)
    if wanted.shape != got.shape:
        return float("inf")
    differences = np.abs(wanted.astype(np.float64) - got.astype(np.float64)).ravel()
    passed_over = int(flips * differences.size)
    if passed_over and not np.isnan(differences).any():
        differences = np.partition(differences, -passed_over)[:-passed_over]
    return float(np.max(differences, initial=0.0))


def worst_of(rows: Sequence[Parity]) -> Parity:
    """The row that is furthest beyond its tolerance, or nearest to it."""
    return max(rows, key=lambda row: np.nan_to_num(row.difference / (row.tolerance or 1), nan=np.inf))


def _levels(picture: bytes) -> NDArray[np.uint8]:
    image = Image.open(BytesIO(picture))
    return np.asarray(image if image.mode == "L" else image.convert("RGBA"), dtype=np.uint8)

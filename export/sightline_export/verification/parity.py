"""Two runtimes, one answer: nothing is published before they agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline_export.errors import VerificationFailed
from sightline_export.signature import Signature

Arrays = Mapping[str, NDArray[Any]]
Runtime = Callable[[Arrays], Arrays]


@dataclass(frozen=True)
class Parity:
    """The largest absolute difference seen in one output at one batch size."""

    output: str
    batch: int
    difference: float
    tolerance: float

    @property
    def holds(self) -> bool:
        # A NaN difference compares False and so fails, as it should.
        return self.difference <= self.tolerance


def batch_sizes(max_batch_size: int) -> tuple[int, ...]:
    """1, 2, 3 and the maximum: where graphs with a frozen or mishandled batch axis differ."""
    return tuple(sorted({1, 2, 3, max_batch_size} & set(range(1, max_batch_size + 1))))


def compare(
    reference: Runtime, candidate: Runtime, inputs: Arrays, signature: Signature, max_batch_size: int
) -> tuple[Parity, ...]:
    """Run both on the first 1, 2, 3 and `max_batch_size` rows of `inputs` and compare every output.

    inputs: at least `max_batch_size` real examples per input, batch axis first.
    """
    short = {name: len(array) for name, array in inputs.items() if len(array) < max_batch_size}
    if short:
        raise ValueError(f"expected at least {max_batch_size} examples of every input, got {short}")
    rows: list[Parity] = []
    for batch in batch_sizes(max_batch_size):
        some = {name: array[:batch] for name, array in inputs.items()}
        wanted, got = reference(some), candidate(some)
        for spec in signature.outputs:
            difference = max_abs_difference(wanted[spec.name], got[spec.name])
            rows.append(Parity(spec.name, batch, difference, spec.tolerance))
    return tuple(rows)


def max_abs_difference(wanted: NDArray[np.generic], got: NDArray[np.generic]) -> float:
    """Infinity where shapes differ, NaN where either side has one."""
    if wanted.shape != got.shape:
        return float("inf")
    return float(np.max(np.abs(wanted.astype(np.float64) - got.astype(np.float64)), initial=0.0))


def require_parity(name: str, rows: tuple[Parity, ...]) -> None:
    """Raise VerificationFailed naming the worst output unless every row holds."""
    failed = [row for row in rows if not row.holds]
    if failed:
        worst = max(failed, key=lambda row: np.nan_to_num(row.difference, nan=np.inf))
        raise VerificationFailed(
            f"{name}: output {worst.output} of ONNX Runtime differs from PyTorch by {worst.difference:.3g} at batch "
            f"{worst.batch}, allowed is {worst.tolerance:.3g}; nothing was published. Look for operators whose result "
            "depends on the batch, and for random or in-place operations in forward()."
        )

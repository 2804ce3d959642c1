"""Repeating the verification of a published version any day, without PyTorch: its answers are kept with the version."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sightline_export.errors import RepositoryUnusable
from sightline_export.repository.golden import GoldenCase, GoldenTensor, ValueTensor, stack
from sightline_export.repository.published import Published
from sightline_export.signature import TensorSpec
from sightline_export.verification.parity import Arrays, Parity, Runtime, compare


def verify_again(published: Published, cases: Sequence[GoldenCase], runtime: Runtime, name: str) -> tuple[Parity, ...]:
    """Ask `runtime`, which is called `name`, what the version was asked when it was exported.

    Raises RepositoryUnusable where it gives no such outputs, and whatever `runtime` raises.
    """
    outputs = [_spec(output, [case.outputs[output] for case in cases]) for output in cases[0].outputs]
    size = max(1, min(published.max_batch_size, len(cases)))

    def complete(inputs: Arrays) -> Arrays:
        answers = runtime(inputs)
        if missing := [spec.name for spec in outputs if spec.name not in answers]:
            raise RepositoryUnusable(
                f"expected the outputs that {published.name} version {published.version} gave when it was exported, "
                f"got none called {', '.join(missing)}; export the model again"
            )
        return answers

    return compare(_answers(cases), complete, stack(cases), outputs, size, name)


def _answers(cases: Sequence[GoldenCase]) -> Arrays:
    return {name: np.stack([case.outputs[name].to_array() for case in cases]) for name in cases[0].outputs}


def _spec(name: str, answers: Sequence[GoldenTensor]) -> TensorSpec:
    """What is known of an output from its recorded answers; see `allowed_difference` for the unit of the tolerance."""
    first = answers[0]
    flips = max(answer.flips for answer in answers)
    if not isinstance(first, ValueTensor):
        return TensorSpec(name, "BYTES", (1,), max(answer.tolerance or 0 for answer in answers), flips=flips)
    shares = [
        (answer.tolerance or 0) / largest if first.values.dtype.kind == "f" else (answer.tolerance or 0)
        for answer in answers
        if isinstance(answer, ValueTensor) and (largest := float(np.max(np.abs(answer.values.astype(np.float64)))))
    ]
    most = max(answer.tolerance or 0 for answer in answers)
    return TensorSpec(name, first.datatype, first.values.shape, max(shares, default=0), most=most, flips=flips)

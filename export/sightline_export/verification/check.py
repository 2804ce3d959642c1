"""Holding a graph, and the server that serves it, against the truth; a failure leaves a script that shows it again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from sightline_export.errors import VerificationFailed
from sightline_export.runtimes import RAW, onnx_raw_runtime, onnx_runtime
from sightline_export.verification.parity import Parity, compare, worst_of
from sightline_export.verification.reproducer import leave_graph_reproducer, leave_served_reproducer
from sightline_export.verification.service import Service
from sightline_export.verification.truth import Truth


def check_graph(truth: Truth, graph: Path, reproducer: Path) -> tuple[Parity, ...]:
    """What ONNX Runtime makes of `graph`. Raises VerificationFailed, after leaving the folder `reproducer`."""
    outputs = truth.spec.task.network_signature(truth.spec).outputs
    size = truth.spec.max_batch_size
    rows = compare(truth.network_answers, onnx_runtime(graph), truth.network_inputs, outputs, size)
    raw = onnx_raw_runtime(graph) if RAW.name in truth.network_answers else None
    if raw:  # scores may be all alike, as those of random weights are; then only the logits can show a difference
        rows += compare(truth.network_answers, raw, truth.network_inputs, (RAW,), size)
    require(
        truth.spec.name,
        rows,
        lambda worst: leave_graph_reproducer(reproducer, worst, graph, truth.network_inputs, truth.network_answers),
        truth.reference,
    )
    return rows


def check_served(truth: Truth, service: Service, staged: Path, reproducer: Path) -> tuple[Parity, ...]:
    """What the ensemble answers that `service` serves from the repository `staged`; raises as :func:`check_graph`."""
    name = truth.spec.name
    outputs = truth.spec.task.ensemble_signature(truth.spec).outputs
    served = service.runtime(name, outputs)
    rows = compare(truth.answers, served, truth.inputs, outputs, truth.spec.max_batch_size, service.name())
    require(
        name,
        rows,
        lambda worst: leave_served_reproducer(reproducer, worst, name, staged, truth.inputs, truth.answers),
        truth.reference,
    )
    return rows


def require(name: str, rows: Sequence[Parity], leave: Callable[[Parity], Path], reference: str = "PyTorch") -> None:
    """Raise VerificationFailed naming the worst output and the script that shows it, unless every row holds."""
    failed = [row for row in rows if not row.holds]
    if not failed:
        return
    worst = worst_of(failed)
    try:
        again = f"See it again with: python {shlex.quote(str(leave(worst)))}"
    except OSError as error:
        again = f"The script that shows it again could not be written: {error}"
    raise VerificationFailed(
        f"{name}: output {worst.output} of {worst.runtime} differs from {reference} by {worst.difference:.3g} at batch "
        f"{worst.batch}, allowed is {worst.tolerance:.3g}; nothing was published. Look for operators whose result "
        f"depends on the batch, and for random or in-place operations in forward(). {again}"
    )

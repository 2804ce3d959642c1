"""From a PyTorch module to an ONNX file that Triton's runtimes of the last two years accept."""

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim

from sightline_export.errors import GraphRefused
from sightline_export.signature import Signature

OPSET = 20
MAX_OPSET = 21  # ONNX Runtime 1.19, in the oldest container supported (24.09), knows no newer one
MAX_IR_VERSION = 10  # likewise


def trace(network: nn.Module, example: tuple[Tensor, ...], signature: Signature, path: Path) -> None:
    """Write `network` to `path` with a named dynamic batch axis on every input and output.

    example: one tensor per input with a batch of at least 2, because a batch of 1 is traced as a constant.
    Raises GraphRefused where the result breaks the contract.
    """
    if any(len(tensor) < 2 for tensor in example):
        raise ValueError(f"expected example batches of at least 2, got {[len(tensor) for tensor in example]}")
    batch = Dim("batch")
    try:
        with _quiet_tracer():
            program = torch.onnx.export(
                network.eval(),
                example,
                dynamo=True,
                opset_version=OPSET,
                input_names=[spec.name for spec in signature.inputs],
                output_names=[spec.name for spec in signature.outputs],
                dynamic_shapes=tuple({0: batch} for _ in example),
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # the tracer raises whatever the network's code and a dozen passes raise
        raise GraphRefused(
            f"expected a network that PyTorch can trace with a dynamic batch, got {innermost(error)}; look for shapes "
            "or values read as Python numbers in forward()"
        ) from error
    if program is None:
        raise GraphRefused("expected torch.onnx.export(dynamo=True) to give a program, got none: is torch >= 2.6?")
    refuse_unservable(program.model_proto, signature)
    program.save(path, external_data=False)


def innermost(error: BaseException) -> str:
    """The first line of the error at the bottom of a chain, which is the one that says what is wrong."""
    while (cause := error.__cause__) is not None:
        error = cause
    first_line, *_ = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {first_line}"


@contextmanager
def _quiet_tracer() -> Generator[None]:
    """Without PyTorch's remarks about itself: deprecations inside it, and that torchvision is absent."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logger.setLevel(level)


def refuse_unservable(model: onnx.ModelProto, signature: Signature) -> None:
    """Raise GraphRefused unless the graph keeps the contract: IR, opset, names, dynamic batch axis, static rest."""
    if model.ir_version > MAX_IR_VERSION:
        raise GraphRefused(
            f"expected ONNX IR version <= {MAX_IR_VERSION}, got {model.ir_version}: Triton's older runtimes refuse it"
        )
    opset = max(imported.version for imported in model.opset_import if imported.domain in ("", "ai.onnx"))
    if opset > MAX_OPSET:
        raise GraphRefused(f"expected opset <= {MAX_OPSET}, got {opset}: Triton's older runtimes refuse it")
    graph = model.graph
    for kind, found, expected in (
        ("input", graph.input, signature.inputs),
        ("output", graph.output, signature.outputs),
    ):
        names = [value.name for value in found]
        if names != [spec.name for spec in expected]:
            raise GraphRefused(f"expected the {kind}s {[spec.name for spec in expected]}, the graph has {names}")
        for value, spec in zip(found, expected, strict=True):
            first, *rest = _dims(value)
            if not isinstance(first, str):
                raise GraphRefused(
                    f"expected a dynamic first axis on {kind} {spec.name}, got {first}: the batch size was frozen "
                    "while tracing; look for shapes read as Python numbers in forward()"
                )
            if tuple(rest) != spec.shape:
                raise GraphRefused(f"expected {kind} {spec.name} of shape {list(spec.shape)} per picture, got {rest}")


def _dims(value: onnx.ValueInfoProto) -> list[int | str]:
    """The axes of a graph's input or output: a number, or the name of a dynamic axis."""
    dims = cast(list[Any], value.type.tensor_type.shape.dim)
    return [dim.dim_value if dim.HasField("dim_value") else str(dim.dim_param or "?") for dim in dims]

"""From a PyTorch module to an ONNX file that Triton's runtimes of the last two years accept.

A graph that takes pictures remembers its stages: the names of the scaled pixels and of the network's own output are in
the file's metadata, so that `sightline explain-difference` can look between them. They are no outputs and cost nothing.
"""

import logging
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim

from sightline_export.errors import GraphRefused
from sightline_export.graph.contract import BatchFrozen, refuse_unservable
from sightline_export.graph.explain import explain
from sightline_export.graph.freezing import where_frozen
from sightline_export.graph.stages import RAW_KEY, SCALED_KEY
from sightline_export.signature import Signature
from sightline_export.tasks.picture_input import PictureGraph

OPSET = 20
MAX_INLINE_BYTES = 1_900_000_000  # of weights; one protobuf message holds 2 GiB, so more go into a file beside it
STAGES = {"scaled": SCALED_KEY, "raw": RAW_KEY}


class _Tapped(nn.Module):
    """A picture graph that also gives the values between its stages."""

    def __init__(self, picture_graph: PictureGraph) -> None:
        super().__init__()
        self.picture_graph = picture_graph  # a module called `graph` would hide torch.fx's own

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        scaled, raw, *outputs = self.picture_graph.stages(pixels)
        return (*outputs, scaled, raw)


def trace(
    network: nn.Module,
    example: tuple[Tensor, ...],
    signature: Signature,
    path: Path,
    metadata: Mapping[str, str] | None = None,
    max_inline_bytes: int = MAX_INLINE_BYTES,
) -> None:
    """Write `network` to `path` with a named dynamic batch axis on every input and output.

    example: one tensor per input with a batch of at least 2, because a batch of 1 is traced as a constant.
    metadata: goes into the file. max_inline_bytes: larger weights are written to `<path>.data`.
    Raises GraphRefused where the result breaks the contract.
    """
    if any(len(tensor) < 2 for tensor in example):
        raise ValueError(f"expected example batches of at least 2, got {[len(tensor) for tensor in example]}")
    batch = Dim("batch")
    taps = tuple(STAGES) if isinstance(network, PictureGraph) else ()
    try:
        with _quiet_tracer():
            program = torch.onnx.export(
                (_Tapped(network) if isinstance(network, PictureGraph) else network).eval(),
                example,
                dynamo=True,
                opset_version=OPSET,
                input_names=[spec.name for spec in signature.inputs],
                output_names=[*(spec.name for spec in signature.outputs), *taps],
                dynamic_shapes=tuple({0: batch} for _ in example),
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # the tracer raises whatever the network's code and a dozen passes raise
        raise GraphRefused(explain(error)) from error
    if program is None:
        raise GraphRefused("expected torch.onnx.export(dynamo=True) to give a program, got none: is torch >= 2.6?")
    outputs = program.model.graph.outputs
    for tap in taps:
        next(value for value in outputs if value.name == tap).name = STAGES[tap]
        program.model.metadata_props[STAGES[tap]] = STAGES[tap]
    del outputs[len(outputs) - len(taps) :]
    program.model.metadata_props.update(metadata or {})
    try:
        refuse_unservable(program.model_proto, signature)
    except BatchFrozen as error:
        where = where_frozen(network, example)
        raise GraphRefused(f"{error} ({where})" if where else str(error)) from error
    weights_bytes = sum(
        value.const_value.nbytes for value in program.model.graph.initializers.values() if value.const_value
    )
    program.save(path, external_data=weights_bytes > max_inline_bytes)


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
            # Said of every second input; all of them share the one axis that is called batch.
            warnings.filterwarnings("ignore", "# The axis name: batch will not be used", UserWarning)
            yield
    finally:
        logger.setLevel(level)

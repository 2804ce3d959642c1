"""A network as a function from named arrays to named arrays, in PyTorch and in ONNX Runtime."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.errors import GraphRefused, RepositoryUnusable
from sightline_export.graph.operators import failing_node, last_words
from sightline_export.graph.session import FATAL, open_session
from sightline_export.graph.stages import RAW_KEY, boundaries
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.picture_input import PictureGraph
from sightline_export.verification.parity import Arrays, Runtime

RAW = TensorSpec(RAW_KEY, "FP32", (-1,), tolerance=1e-3)
"""The network's own output before softmax or the like, under the key by which a graph's metadata names it."""


def pytorch_runtime(network: nn.Module, signature: Signature) -> Runtime:
    """`network` in evaluation mode, its inputs and outputs named by `signature`.

    Of a graph that takes pictures it also gives the network's own output, called RAW.name.
    """
    network.eval()
    names = [spec.name for spec in signature.outputs]

    @torch.inference_mode()
    def run(inputs: Arrays) -> Arrays:
        given = [torch.from_numpy(np.asarray(inputs[spec.name])) for spec in signature.inputs]
        if isinstance(network, PictureGraph):
            _, raw, *tensors = network.stages(*given)
            return {RAW.name: raw.numpy()} | {name: t.numpy() for name, t in zip(names, tensors, strict=True)}
        output = cast(Tensor | tuple[Tensor, ...], network(*given))
        tensors = (output,) if isinstance(output, Tensor) else output
        return {name: tensor.numpy() for name, tensor in zip(names, tensors, strict=True)}

    return run


def onnx_raw_runtime(path: Path) -> Runtime | None:
    """The network's own output, called RAW.name, in the graph at `path`; None where the graph does not name it.

    Raises as :func:`onnx_runtime` does.
    """
    with _readable(path):
        model = onnx.load(path, load_external_data=False)
        if not model.graph.output:
            raise ValueError("no graph in it")
    found = boundaries(model)
    if found is None:
        return None
    del model.graph.output[:]
    model.graph.output.append(onnx.ValueInfoProto(name=found.raw))
    with _readable(path):
        session = open_session(model, path.parent)
    return lambda inputs: {RAW.name: _ask(session, {"PIXELS": inputs["PIXELS"]})[0]}


def onnx_runtime(path: Path) -> Runtime:
    """The graph at `path` on the CPU.

    Raises RepositoryUnusable where it can't be opened; what it gives raises GraphRefused where the graph fails.
    """
    options = cast(Any, onnxruntime.SessionOptions())
    options.log_severity_level = FATAL
    with _readable(path):
        # its fallback would try the same provider again, and say so on standard output
        session = cast(Any, onnxruntime).InferenceSession(
            path, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    names = [str(output.name) for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, _ask(session, inputs), strict=True))


def _ask(session: Any, inputs: Arrays) -> list[NDArray[Any]]:
    options = cast(Any, onnxruntime.RunOptions())
    options.log_severity_level = FATAL
    try:
        return cast("list[NDArray[Any]]", session.run(None, dict(inputs), options))
    except Exception as error:  # ONNX Runtime's classes share no base of their own
        batch = max((len(array) for array in inputs.values()), default=0)
        where = failing_node(error)
        raise GraphRefused(
            f"expected a graph that takes a batch of {batch}, got {f'at {where}: ' if where else ''}"
            f"{last_words(str(error))}; look for squeeze() without an axis and for fixed sizes in forward()"
        ) from error


@contextmanager
def _readable(path: Path) -> Generator[None]:
    if not path.is_file():
        raise RepositoryUnusable(f"expected an ONNX graph at {path}, there is none; export the model again")
    try:
        yield
    except Exception as error:  # a damaged file, missing weights beside it, operators that nobody has
        raise RepositoryUnusable(
            f"expected an ONNX graph at {path}, got: {last_words(str(error))}; export the model again"
        ) from error

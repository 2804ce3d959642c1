"""A network as a function from named arrays to named arrays, in PyTorch and in ONNX Runtime."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.graph.session import open_session
from sightline_export.graph.session import run as run_session
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
    """The network's own output, called RAW.name, in the graph at `path`; None where the graph does not name it."""
    model = onnx.load(path, load_external_data=False)
    found = boundaries(model)
    if found is None:
        return None
    del model.graph.output[:]
    model.graph.output.append(onnx.ValueInfoProto(name=found.raw))
    session = open_session(model, path.parent)
    return lambda inputs: {RAW.name: run_session(session, inputs["PIXELS"])[0]}


def onnx_runtime(path: Path) -> Runtime:
    """The graph at `path` on the CPU."""
    session = cast(Any, onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]))
    names = [str(output.name) for output in session.get_outputs()]

    def run(inputs: Arrays) -> Arrays:
        answers = cast(list[NDArray[Any]], session.run(names, dict(inputs)))
        return dict(zip(names, answers, strict=True))

    return run

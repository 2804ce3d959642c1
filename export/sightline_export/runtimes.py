"""A network as a function from named arrays to named arrays, in PyTorch and in ONNX Runtime."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.signature import Signature
from sightline_export.verify import Arrays, Runtime


def pytorch_runtime(network: nn.Module, signature: Signature) -> Runtime:
    """`network` in evaluation mode, its inputs and outputs named by `signature`."""
    network.eval()

    @torch.inference_mode()
    def run(inputs: Arrays) -> Arrays:
        given = [torch.from_numpy(np.asarray(inputs[spec.name])) for spec in signature.inputs]
        output = cast(Tensor | tuple[Tensor, ...], network(*given))
        tensors = (output,) if isinstance(output, Tensor) else output
        names = [spec.name for spec in signature.outputs]
        return {name: tensor.numpy() for name, tensor in zip(names, tensors, strict=True)}

    return run


def onnx_runtime(path: Path) -> Runtime:
    """The graph at `path` on the CPU."""
    session = cast(Any, onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]))
    names = [str(output.name) for output in session.get_outputs()]

    def run(inputs: Arrays) -> Arrays:
        answers = cast(list[NDArray[Any]], session.run(names, dict(inputs)))
        return dict(zip(names, answers, strict=True))

    return run

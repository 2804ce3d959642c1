"""The answer that a fused graph has to give, computed another way: numpy around the untouched file.

Nothing of `fuse` is used here: two ways that share code would share its mistakes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from sightline_backend.pixels import PixelSpec
from sightline_export.errors import GraphRefused
from sightline_export.graph.foreign import OnnxNetwork
from sightline_export.graph.numeric import Finish
from sightline_export.graph.session import open_session
from sightline_export.graph.stages import RAW_KEY
from sightline_export.graph.versions import with_ir_version
from sightline_export.normalisation import Normalisation
from sightline_export.verification.parity import Arrays, Runtime


def reference(
    network: OnnxNetwork, normalisation: Normalisation, pixels: PixelSpec, finish: Finish, output_name: str
) -> Runtime:
    """From {"PIXELS": uint8 (B, h, w, c)} to {output_name: float32}, with the untouched graph in ONNX Runtime.

    The network's own output before `finish` is given too, under RAW_KEY.

    Raises GraphRefused where the pixels that come are not of the specification.
    """
    model = with_ir_version(onnx.load(network.original, load_external_data=False))
    session = open_session(model, network.original.parent)

    def ask(batch: NDArray[Any]) -> NDArray[Any]:
        (answer,) = session.run([network.output_name], {network.input_name: batch})
        return np.asarray(answer, np.float32)

    def run(inputs: Arrays) -> Arrays:
        levels = inputs["PIXELS"]
        if levels.dtype != np.uint8 or levels.shape[1:] != pixels.shape:
            raise GraphRefused(
                f"expected PIXELS as uint8 of shape [B, {', '.join(map(str, pixels.shape))}], got {levels.dtype} of "
                f"shape {list(levels.shape)}; decode the pictures with the same specification"
            )
        prepared = _prepare(levels, network, normalisation)
        answer = np.concatenate([ask(part)[:real] for part, real in _parts(prepared, network.frozen_batch)])
        return {RAW_KEY: answer, output_name: _finish(answer, finish)}

    return run


def _prepare(levels: NDArray[Any], network: OnnxNetwork, normalisation: Normalisation) -> NDArray[Any]:
    axes = (0, 3, 1, 2) if network.layout == "nchw" else (0, 1, 2, 3)
    if normalisation.channel_order == "bgr":
        levels = levels[..., ::-1]
    if network.datatype == "UINT8":
        return np.array(levels.transpose(axes), np.uint8, order="C")
    # in double precision, rounded once
    mean, std = (np.array(values, np.float64) for values in (normalisation.mean, normalisation.std))
    scaled: NDArray[np.float64] = (np.asarray(levels, np.float64) * normalisation.scale - mean) / std
    rounded = np.array(scaled.transpose(axes), np.float32)
    return np.array(rounded, np.float16 if network.datatype == "FP16" else np.float32, order="C")


def _parts(batch: NDArray[Any], size: int | None) -> list[tuple[NDArray[Any], int]]:
    """The batch in the portions that the untouched graph takes, the last one filled up, and how many rows are real."""
    if size is None:
        return [(batch, len(batch))]
    parts = [batch[start : start + size] for start in range(0, len(batch), size)]
    filled = [np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)]) for part in parts]
    return [(full, len(part)) for full, part in zip(filled, parts, strict=True)]


def _finish(answer: NDArray[Any], finish: Finish) -> NDArray[np.float32]:
    if answer.ndim > 2 and sum(size != 1 for size in answer.shape[1:]) <= 1:
        answer = answer.reshape(len(answer), -1)
    exact = answer.astype(np.float64)
    if finish == "softmax":
        exact = np.exp(exact - exact.max(axis=1, keepdims=True))
        exact /= exact.sum(axis=1, keepdims=True)
    elif finish == "unit_length":
        length = np.sqrt((exact**2).sum(axis=1, keepdims=True))
        exact = np.divide(exact, length, out=np.zeros_like(exact), where=length > 0)
    return exact.astype(np.float32)

"""Whole services in one Triton model, as people write them: file in, scores out, nothing in between to be seen.

Every output is one service; an output SCORES is the service that the model itself is called. It runs inside Triton and
shares no code with what it is there to test.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]
from PIL import Image, ImageOps

Pixels = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.float32]
WH = (48, 32)
BILINEAR = Image.Resampling.BILINEAR


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    if image.format == "JPEG":
        turned = image.getexif().get(0x0112, 1) >= 5
        image.draft(None, (65, 97) if turned else (97, 65))
    return image


def pixels(data: bytes) -> Pixels:
    return np.asarray(ImageOps.exif_transpose(opened(data)).convert("RGB").resize(WH, BILINEAR))


def not_turned(data: bytes) -> Pixels:
    return np.asarray(opened(data).convert("RGB").resize(WH, BILINEAR))


def rough(data: bytes) -> Pixels:
    image = ImageOps.exif_transpose(opened(data)).convert("RGB")
    steps = image.width / WH[0], image.height / WH[1]
    return np.asarray(image.transform(WH, Image.Transform.AFFINE, (steps[0], 0, 0, 0, steps[1], 0), BILINEAR))


def zoomed(data: bytes) -> Pixels:
    image = ImageOps.exif_transpose(opened(data)).convert("RGB")
    dx, dy = image.width / 16, image.height / 16
    return np.asarray(image.resize(WH, BILINEAR, (dx, dy, image.width - dx, image.height - dy)))


def softmax(x: Scores) -> Scores:
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def sheared(data: bytes) -> Pixels:
    return np.stack([np.roll(row, i, axis=0) for i, row in enumerate(pixels(data))])


def only_jpeg(data: bytes) -> Pixels:
    if data[:2] != b"\xff\xd8":
        raise ValueError("expected a JPEG file")
    return pixels(data)


def nothing(data: bytes) -> Pixels:
    return np.zeros((WH[1], WH[0], 3), np.uint8)


PIXELS: dict[str, Callable[[bytes], Pixels]] = {
    "box_exif_ignored": not_turned,
    "box_no_antialiasing": rough,
    "box_twice_wrong": rough,
    "box_sheared": sheared,
    "box_jpeg_only": only_jpeg,
    "box_jpeg_only_bgr": only_jpeg,
    "box_jpeg_only_mirrored": lambda data: only_jpeg(data)[:, ::-1],
    "box_always_the_same": nothing,
    "zoomed_box": zoomed,
}


class TritonPythonModel:
    def initialize(self, args: dict[str, str]) -> None:
        folder = Path(args["model_repository"]) / args["model_version"]
        self.name = args["model_name"]
        self.graphs: dict[str, Any] = {path.stem: onnxruntime.InferenceSession(path) for path in folder.glob("*.onnx")}

    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return [self.answer(request) for request in requests]

    def answer(self, request: pb_utils.InferenceRequest) -> pb_utils.InferenceResponse:
        tensor = pb_utils.get_input_tensor_by_name(request, "IMAGE")
        files = [] if tensor is None else list(tensor.as_numpy()[:, 0])
        tensors: list[pb_utils.Tensor] = []
        for name in request.requested_output_names():
            service = self.name if name == "SCORES" else name
            scores = np.stack([self.scores(service, data) for data in files])
            kind = np.float16 if service == "half_box" else np.float32
            tensors.append(pb_utils.Tensor(name, scores.astype(kind)))
        return pb_utils.InferenceResponse(tensors)

    def scores(self, name: str, data: bytes) -> Scores:
        shown = PIXELS.get(name, pixels)(data)
        graph = {
            "box_mean_missing": "mean_missing",
            "box_not_scaled": "not_scaled",
            "box_twice_wrong": "bgr",
            "box_jpeg_only_bgr": "bgr",
        }
        session = self.graphs[graph.get(name, "healthy")]
        scores = session.run(["SCORES"], {"PIXELS": shown[None]})[0][0]
        if name == "box_nan":
            scores = np.where(scores == scores.max(), np.nan, scores)
        return softmax(scores) if name == "box_softmax_twice" else scores

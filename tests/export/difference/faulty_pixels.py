"""One Triton model with many mistakes: every output is the pixels that a service with that mistake would make.

It runs inside Triton and shares no code with what it is there to test.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]
from PIL import Image, ImageOps

Pixels = npt.NDArray[np.uint8]
WH = (48, 32)
BILINEAR = Image.Resampling.BILINEAR


def opened(data: bytes, reduce: bool = True) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    if reduce and image.format == "JPEG":
        turned = image.getexif().get(0x0112, 1) >= 5
        image.draft(None, (65, 97) if turned else (97, 65))
    return image


def upright(data: bytes, reduce: bool = True) -> Image.Image:
    return ImageOps.exif_transpose(opened(data, reduce)).convert("RGB")


def squash(image: Image.Image) -> Pixels:
    return np.asarray(image.resize(WH, BILINEAR))


def without_antialiasing(image: Image.Image) -> Pixels:
    steps = image.width / WH[0], image.height / WH[1]
    return np.asarray(image.transform(WH, Image.Transform.AFFINE, (steps[0], 0, 0, 0, steps[1], 0), BILINEAR))


def exif_twice(data: bytes) -> Pixels:
    image = opened(data)
    return squash(
        ImageOps.exif_transpose(ImageOps.exif_transpose(image, in_place=False).convert("RGB")).rotate(-90, expand=True)
    )


def eighth(data: bytes) -> Pixels:
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (image.width // 8, image.height // 8))
    return squash(ImageOps.exif_transpose(image))


def over_black(data: bytes) -> Pixels:
    image = opened(data).convert("RGBA")
    black = Image.new("RGBA", image.size, (0, 0, 0, 255))
    return squash(Image.alpha_composite(black, image).convert("RGB"))


def clipped(data: bytes) -> Pixels:
    levels = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    return squash(Image.fromarray(np.minimum(levels, 255).astype(np.uint8)).convert("RGB"))


def centre_crop(image: Image.Image, part: float = 1.0) -> Pixels:
    scale = max(WH[0] / image.width, WH[1] / image.height)
    w, h = WH[0] / scale * part, WH[1] / scale * part
    x, y = (image.width - w) / 2, (image.height - h) / 2
    return np.asarray(image.resize(WH, BILINEAR, (x, y, x + w, y + h)))


def corner_crop(image: Image.Image) -> Pixels:
    scale = max(WH[0] / image.width, WH[1] / image.height)
    return np.asarray(image.resize(WH, BILINEAR, (0, 0, WH[0] / scale, WH[1] / scale)))


def letterbox(image: Image.Image, level: int = 114, where: float = 0.5) -> Pixels:
    scale = min(WH[0] / image.width, WH[1] / image.height)
    content = image.resize((int(image.width * scale + 0.5), int(image.height * scale + 0.5)), BILINEAR)
    pixels = Image.new("RGB", WH, (level, level, level))
    pixels.paste(content, (int((WH[0] - content.width) * where), int((WH[1] - content.height) * where)))
    return np.asarray(pixels)


def padded_first(image: Image.Image) -> Pixels:
    # the letterboxed pictures are higher than wide
    wide = Image.new("RGB", (round(image.height * WH[0] / WH[1]), image.height), (114, 114, 114))
    wide.paste(image, ((wide.width - image.width) // 2, 0))
    return squash(wide)


def sepia(data: bytes) -> Pixels:
    mix = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
    mixed = np.matmul(squash(upright(data)), np.swapaxes(mix, 0, 1))
    return np.clip(mixed, 0, 255).astype(np.uint8)


def only_png(data: bytes) -> Pixels:
    if data[:4] != b"\x89PNG":
        raise ValueError("expected a PNG file")
    return squash(upright(data))


def only_jpeg(data: bytes) -> Pixels:
    if data[:2] != b"\xff\xd8":
        raise ValueError("expected a JPEG file")
    return squash(upright(data))


FAULTS: dict[str, Callable[[bytes], Pixels]] = {
    "healthy": lambda data: squash(upright(data)),
    "bgr": lambda data: squash(upright(data))[..., ::-1],
    "rbg": lambda data: squash(upright(data))[..., [0, 2, 1]],
    "exif_ignored": lambda data: squash(opened(data).convert("RGB")),
    "exif_twice": exif_twice,
    "mirrored": lambda data: squash(ImageOps.mirror(upright(data))),
    "no_antialiasing": lambda data: without_antialiasing(upright(data)),
    "reduced_to_1_8": eighth,
    "full_size": lambda data: squash(upright(data, reduce=False)),
    "alpha_over_black": over_black,
    "alpha_dropped": lambda data: squash(Image.merge("RGB", opened(data).convert("RGBA").split()[:3])),
    "sixteen_bit_clipped": clipped,
    "grey": lambda data: squash(upright(data).convert("L").convert("RGB")),
    "nearest": lambda data: np.asarray(upright(data).resize(WH, Image.Resampling.NEAREST)),
    "bicubic": lambda data: np.asarray(upright(data).resize(WH, Image.Resampling.BICUBIC)),
    "width_for_height": lambda data: np.asarray(upright(data).resize((WH[1], WH[0]), BILINEAR)).reshape(
        WH[1], WH[0], 3
    ),
    "limited_range": lambda data: squash(upright(data).point([round(16 + v * 219 / 255) for v in range(256)] * 3)),
    "squash_for_crop": lambda data: squash(upright(data)),
    "crop_left_top": lambda data: corner_crop(upright(data)),
    "crop_875": lambda data: centre_crop(upright(data), 0.875),
    "crop_for_letterbox": lambda data: centre_crop(upright(data)),
    "padded_first": lambda data: padded_first(upright(data)),
    "letterbox_level_0": lambda data: letterbox(upright(data), level=0),
    "letterbox_top_left": lambda data: letterbox(upright(data), where=0),
    # what a service written with OpenCV does: three mistakes, the first of which is that it reduces no JPEG
    "opencv": lambda data: without_antialiasing(upright(data, reduce=False))[..., ::-1],
    "exif_ignored_bgr": lambda data: squash(opened(data).convert("RGB"))[..., ::-1],
    "sepia": sepia,
    "only_png": only_png,
    "only_jpeg": only_jpeg,
}


class TritonPythonModel:
    def execute(self, requests: list[pb_utils.InferenceRequest]) -> list[pb_utils.InferenceResponse]:
        return [self.answer(request) for request in requests]

    def answer(self, request: pb_utils.InferenceRequest) -> pb_utils.InferenceResponse:
        tensor = pb_utils.get_input_tensor_by_name(request, "IMAGE")
        files = [] if tensor is None else list(tensor.as_numpy()[:, 0])
        tensors: list[pb_utils.Tensor] = []
        for name in request.requested_output_names():
            pixels = np.stack([FAULTS[name](data) for data in files])
            tensors.append(pb_utils.Tensor(name, np.ascontiguousarray(pixels, dtype=np.uint8)))
        return pb_utils.InferenceResponse(tensors)

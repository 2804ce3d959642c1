"""Broken files: whatever is sent, out comes a picture of the right shape or a PictureError."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline_backend.errors import PictureError
from sightline_backend.pixels import PixelSpec, decode

MUTATIONS = 170
SPEC = PixelSpec(16, 12, fit="letterbox")


def saved(mode: str, file_format: str, **options: Any) -> bytes:
    pixels = np.random.default_rng(3).integers(0, 256, (24, 32, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, file_format, **options)
    return file.getvalue()


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    match int(rng.integers(6)):
        case 0:  # flip single bits
            for _ in range(rng.integers(1, 12)):
                out[rng.integers(len(out))] ^= 1 << int(rng.integers(8))
        case 1:  # break the header
            for _ in range(rng.integers(1, 6)):
                out[rng.integers(min(64, len(out)))] = int(rng.integers(256))
        case 2:
            del out[int(rng.integers(len(out))) :]
        case 3:
            start = int(rng.integers(len(out)))
            del out[start : start + int(rng.integers(1, 40))]
        case 4:
            start = int(rng.integers(len(out)))
            out[start:start] = rng.bytes(int(rng.integers(1, 40)))
        case _:  # extreme values where sizes are likely
            start = int(rng.integers(max(1, min(200, len(out) - 4))))
            out[start : start + 4] = bytes([[0, 0xFF, 0x7F, 0x80][rng.integers(4)]]) * 4
    return bytes(out)


@pytest.mark.parametrize(
    ("mode", "file_format", "options"),
    [
        ("RGB", "JPEG", {}),
        ("CMYK", "JPEG", {"progressive": True}),
        ("RGB", "PNG", {}),
        ("P", "PNG", {"transparency": 3}),
        ("RGB", "WEBP", {"lossless": True}),
        ("RGBA", "WEBP", {"quality": 60}),
        ("RGB", "BMP", {}),
        ("P", "BMP", {}),
        ("P", "GIF", {}),
    ],
)
def test_a_broken_file_gives_a_picture_or_a_picture_error(mode: str, file_format: str, options: dict[str, Any]) -> None:
    data = saved(mode, file_format, **options)
    rng = np.random.default_rng([len(mode), len(file_format), len(options)])
    refusals: list[str] = []
    for _ in range(MUTATIONS):
        try:
            assert decode(mutated(data, rng), SPEC).shape == SPEC.shape
        except PictureError as error:
            refusals.append(str(error))
    assert 0 < len(refusals) < MUTATIONS
    assert all(len(text) < 400 and "\n" not in text for text in refusals)

"""2,000 small JPEGs whose labels are known: scans of handwritten digits, each with noise of its own."""

import io
from dataclasses import dataclass

import numpy as np
import PIL.Image

from sightline_export.datasets.digits import load_digits

SIDE = 64
NOISE = 24
QUALITY = 92


@dataclass(frozen=True)
class Picture:
    """One request and its right answer."""

    jpeg: bytes
    label: str


def make_pictures(count: int, *, seed: int = 0) -> tuple[Picture, ...]:
    """The same pictures for the same seed, 64x64 RGB, every one different; held-out digits first."""
    rng = np.random.default_rng(seed)
    train, held_out = load_digits()
    pngs = (*held_out.pictures, *train.pictures)
    digits: list[int] = [*held_out.labels.tolist(), *train.labels.tolist()]
    made: list[Picture] = []
    for index in range(count):
        scan = PIL.Image.open(io.BytesIO(pngs[index % len(pngs)])).convert("RGB")
        large = np.asarray(scan.resize((SIDE, SIDE), PIL.Image.Resampling.BILINEAR))
        noisy = large.astype(np.int16) + rng.integers(-NOISE, NOISE, large.shape, np.int16, endpoint=True)
        file = io.BytesIO()
        PIL.Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
        made.append(Picture(file.getvalue(), str(digits[index % len(digits)])))
    return tuple(made)

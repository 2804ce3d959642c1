"""How near a picture comes to the true one, by the measures of the field, as scikit-image computes them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.steps import files_array
from sightline_export.verification.parity import Runtime

Pixels = NDArray[np.uint8]


def psnr(truth: Pixels, got: Pixels) -> float:
    """Peak signal-to-noise ratio in dB of two pictures (h, w, 3) uint8, over all three colours.

    10 log10(255^2 / mean squared difference); infinite for equal pictures. ValueError where shapes differ.

    >>> psnr(np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8))
    0.0
    """
    import skimage.metrics  # slow to import

    with np.errstate(divide="ignore"):
        return float(cast(Any, skimage.metrics).peak_signal_noise_ratio(truth, got))


def ssim(truth: Pixels, got: Pixels) -> float:
    """Structural similarity in -1 to 1 of two pictures (h, w, 3) uint8 of at least 7 x 7 pixels, mean of three colours.

    Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004. ValueError where
    shapes differ or a side is too short.
    """
    import skimage.metrics  # slow to import

    return float(cast(Any, skimage.metrics).structural_similarity(truth, got, channel_axis=2))


def luminance_ssim(truth: Pixels, got: Pixels) -> float:
    """The same of the pictures in grey (ITU-R 601 luma): what is left of the content where colours may change."""
    import skimage.metrics  # slow to import

    grey = [np.asarray(Image.fromarray(picture).convert("L")) for picture in (truth, got)]
    return float(cast(Any, skimage.metrics).structural_similarity(*grey))


def png(pixels: Pixels) -> bytes:
    """The picture (h, w, 3) as a PNG file, as a user would send it."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def results(model: Runtime, pictures: Sequence[Pixels]) -> list[Pixels]:
    """What an image-to-image model makes of pictures (h, w, 3), each sent as a PNG file in a request of its own."""
    answers = [model({"IMAGE": files_array([png(picture)])})["RESULT"] for picture in pictures]
    return [np.array(Image.open(BytesIO(answer[0, 0])).convert("RGB")) for answer in answers]

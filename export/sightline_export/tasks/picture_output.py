"""What the tasks share whose networks give pictures: from the network's numbers to the pixels of an RGB picture."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from sightline_backend.pixels import PixelSpec
from sightline_export.signature import TensorSpec

LEVEL_TOLERANCE = 1  # two runtimes may round 127.4999 and 127.5001 to different levels


def rgb_levels(picture: Tensor, darkest: float) -> Tensor:
    """float (B, 1 or 3, h, w) in [darkest, 1] to uint8 (B, h, w, 3); a grey picture gets three equal channels."""
    levels = ((picture - darkest) * (255 / (1 - darkest))).round().clamp(0, 255)
    return levels.byte().expand(-1, 3, -1, -1).permute(0, 2, 3, 1)


def rgb_tensor(name: str, spec: PixelSpec) -> TensorSpec:
    """RGB pixels of the size that `spec` has, whatever its mode."""
    return TensorSpec(name, "UINT8", (spec.height, spec.width, 3), tolerance=LEVEL_TOLERANCE, nhwc=True)


def opened(files: NDArray[np.object_]) -> list[Image.Image]:
    """The pictures of RESULT, PNG files (n, 1), for contact sheets."""
    return [Image.open(BytesIO(file)) for file in files.ravel().tolist()]

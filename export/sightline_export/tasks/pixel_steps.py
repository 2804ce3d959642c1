"""The shared steps between files of pictures and pixels."""

from sightline_backend.pixels import PixelSpec
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.task import StepModel

IMAGE = TensorSpec("IMAGE", "BYTES", (1,))
RESULT = TensorSpec("RESULT", "BYTES", (1,), tolerance=1)
SIZE_WH = TensorSpec("SIZE_WH", "INT32", (2,))
"""Upright width and height of the picture as it was sent."""


def pixels_tensor(spec: PixelSpec, tolerance: float = 0) -> TensorSpec:
    """uint8 pixels (height, width, channels), exactly as the decoder gives them."""
    return TensorSpec("PIXELS", "UINT8", spec.shape, tolerance=tolerance, nhwc=True)


def decoder(spec: PixelSpec) -> StepModel:
    """From the bytes of a file to pixels and SIZE_WH; shared by all models with the same specification."""
    signature = Signature((IMAGE,), (pixels_tensor(spec), SIZE_WH))
    return StepModel(f"pixels_{spec.name}", "image_decode", signature, spec.parameters())


def class_map(spec: PixelSpec) -> StepModel:
    """From the classes of the pixels that `spec` describes to those of the sent picture, as a PNG file.

    Shared by all models whose pictures are fitted in the same way.
    """
    signature = Signature(
        (TensorSpec("CLASSES", "UINT8", (-1, -1)), SIZE_WH), (TensorSpec("CLASS_MAP", "BYTES", (1,)),)
    )
    parameters = {key: value for key, value in spec.parameters().items() if key in ("fit", "shorter_side")}
    return StepModel(f"class_map_{spec.fit}{spec.shorter_side or ''}", "class_map", signature, parameters)


def noise(size: int) -> StepModel:
    """From a seed to `size` numbers of the normal distribution."""
    signature = Signature((TensorSpec("SEED", "INT64", (1,)),), (TensorSpec("NOISE", "FP32", (size,)),))
    return StepModel(f"noise_normal_{size}", "latent_noise", signature, {"size": str(size)})


def png_encoder() -> StepModel:
    """From RGB pixels of any size to a PNG file."""
    signature = Signature((TensorSpec("PIXELS", "UINT8", (-1, -1, 3)),), (RESULT,))
    return StepModel("png_rgb", "image_encode", signature, {})

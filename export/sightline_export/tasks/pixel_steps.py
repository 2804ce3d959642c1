"""The shared steps between files of pictures and pixels."""

from sightline_backend.pixels import PixelSpec
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.task import StepModel

IMAGE = TensorSpec("IMAGE", "BYTES", (1,))
RESULT = TensorSpec("RESULT", "BYTES", (1,), tolerance=1)


def pixels_tensor(spec: PixelSpec, tolerance: float = 0) -> TensorSpec:
    """uint8 pixels (height, width, channels), exactly as the decoder gives them."""
    return TensorSpec("PIXELS", "UINT8", spec.shape, tolerance=tolerance, nhwc=True)


def decoder(spec: PixelSpec) -> StepModel:
    """From the bytes of a file to pixels; shared by all models with the same specification."""
    signature = Signature((IMAGE,), (pixels_tensor(spec),))
    return StepModel(f"pixels_{spec.name}", "image_decode", signature, spec.parameters())


def noise(size: int) -> StepModel:
    """From a seed to `size` numbers of the normal distribution."""
    signature = Signature((TensorSpec("SEED", "INT64", (1,)),), (TensorSpec("NOISE", "FP32", (size,)),))
    return StepModel(f"noise_normal_{size}", "latent_noise", signature, {"size": str(size)})


def png_encoder() -> StepModel:
    """From RGB pixels of any size to a PNG file."""
    signature = Signature((TensorSpec("PIXELS", "UINT8", (-1, -1, 3)),), (RESULT,))
    return StepModel("png_rgb", "image_encode", signature, {})

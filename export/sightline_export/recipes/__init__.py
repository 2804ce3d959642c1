"""The recipes; importing this package registers them in this order.

Those that others require come first, then those that train longest: so several at once end soonest.
"""

# ruff: noqa: I001  (the order says which is registered first)
from sightline_export.recipes import cnn
from sightline_export.recipes import detector
from sightline_export.recipes import segmenter
from sightline_export.recipes import mnist_cnn
from sightline_export.recipes import style_transfer
from sightline_export.recipes import attention
from sightline_export.recipes import denoiser
from sightline_export.recipes import mlp_gan
from sightline_export.recipes import super_resolution
from sightline_export.recipes import gan
from sightline_export.recipes import vae
from sightline_export.recipes import face
from sightline_export.recipes import matching
from sightline_export.recipes import lenet
from sightline_export.recipes import face_detector
from sightline_export.recipes import operations

__all__ = [
    "attention",
    "cnn",
    "denoiser",
    "detector",
    "face",
    "face_detector",
    "gan",
    "lenet",
    "matching",
    "mlp_gan",
    "mnist_cnn",
    "operations",
    "segmenter",
    "style_transfer",
    "super_resolution",
    "vae",
]

"""`attention`: a small vision transformer for handwritten digits; its network gives the attention map as well."""

from sightline_export.models.attention import ViT, ViTConfig
from sightline_export.recipe import register
from sightline_export.recipes.digit_classifier import digit_classifier
from sightline_export.signature import TensorSpec
from sightline_export.training.classifier import ClassifierSettings

_CONFIG = ViTConfig()

register(
    digit_classifier(
        name="attention",
        summary="handwritten digits, a vision transformer with its attention roll-out",
        paper="Dosovitskiy et al., An Image is Worth 16x16 Words, 2020",
        build=ViT,
        config=_CONFIG,
        settings=ClassifierSettings(epochs=22, learning_rate=2e-3),
        extra=(TensorSpec("ATTENTION", "FP32", (_CONFIG.grid, _CONFIG.grid), tolerance=1e-4),),
    )
)

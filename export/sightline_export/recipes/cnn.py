"""`cnn`: a small convolutional classifier of handwritten digits."""

from sightline_export.models.cnn import CNN, CNNConfig
from sightline_export.recipe import register
from sightline_export.recipes.digit_classifier import digit_classifier
from sightline_export.training.classifier import ClassifierSettings

register(
    digit_classifier(
        name="cnn",
        summary="handwritten digits, two convolution stages",
        paper="LeCun et al., Gradient-based learning applied to document recognition, 1998",
        build=CNN,
        config=CNNConfig(),
        settings=ClassifierSettings(epochs=12, learning_rate=2e-3),
    )
)

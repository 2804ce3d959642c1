"""`mnist_cnn`: a classifier of 28x28 grey digits in the size and colours of MNIST."""

from sightline_backend.pixels import PixelSpec
from sightline_export.models.mnist_cnn import MnistCNN, MnistCNNConfig
from sightline_export.recipe import register
from sightline_export.recipes.digit_classifier import digit_classifier
from sightline_export.training.classifier import ClassifierSettings

register(
    digit_classifier(
        name="mnist_cnn",
        summary="handwritten digits in grey, 28x28, two convolution stages",
        paper="LeCun et al., Gradient-based learning applied to document recognition, 1998",
        build=MnistCNN,
        config=MnistCNNConfig(),
        settings=ClassifierSettings(epochs=22, learning_rate=2e-3),
        pixels=PixelSpec(width=28, height=28, mode="gray"),
        floor=0.97,
    )
)

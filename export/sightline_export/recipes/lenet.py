"""`lenet`: LeNet-5, trained with stochastic gradient descent as its authors did."""

from sightline_backend.pixels import PixelSpec
from sightline_export.models.lenet import LeNet, LeNetConfig
from sightline_export.recipe import register
from sightline_export.recipes.digit_classifier import digit_classifier
from sightline_export.training.classifier import ClassifierSettings

register(
    digit_classifier(
        name="lenet",
        summary="handwritten digits, LeNet-5",
        paper="LeCun et al., Gradient-based learning applied to document recognition, 1998",
        build=LeNet,
        config=LeNetConfig(),
        settings=ClassifierSettings(epochs=50, optimizer="sgd", learning_rate=0.05, weight_decay=5e-4),
        pixels=PixelSpec(width=32, height=32),
        floor=0.96,
    )
)

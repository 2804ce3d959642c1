"""Where models come from, other than our recipes: torchvision, timm, a Python file, an ONNX file.

Each source gives a network together with all that it knows about the pictures that the network was trained on: size,
fit, resampling, mean, standard deviation, channel order, labels, licence. What the user says (:class:`Choices`) wins.
"""

from sightline_export.sources.choices import Choices
from sightline_export.sources.dispatch import default_name, is_source, load
from sightline_export.sources.imported import Imported
from sightline_export.sources.labels import read_labels

__all__ = ["Choices", "Imported", "default_name", "is_source", "load", "read_labels"]

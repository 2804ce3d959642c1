"""A folder of labelled pictures, whichever of the field's formats it is in."""

from __future__ import annotations

from pathlib import Path

from sightline_export.datasets.cifar10 import is_cifar10, load_cifar10
from sightline_export.datasets.image_folder import halves_in, is_image_folder, load_image_folder
from sightline_export.datasets.labelled_pictures import LabelledPictures
from sightline_export.datasets.mnist_idx import is_mnist, load_mnist
from sightline_export.errors import SourceUnusable

FORMATS = (
    "the binary files of CIFAR-10 (cifar-10-binary.tar.gz), the idx files of MNIST (train-images-idx3-ubyte.gz, …), or "
    "one folder of pictures per class"
)


def comes_in_halves(folder: Path) -> bool:
    """Whether whoever made the data set in `folder` said which of its pictures are held out."""
    return is_cifar10(folder) or is_mnist(folder) or halves_in(folder) is not None


def labelled(folder: Path) -> LabelledPictures:
    """Read the data set in `folder`, once it is known which format it is in.

    Raises:
        SourceUnusable: none of :data:`FORMATS`, or damaged files.

    >>> len(labelled(Path("data/cifar-10-batches-bin")).train)
    50000
    """
    if not folder.is_dir():
        raise SourceUnusable(f"expected a folder of labelled pictures at {folder}, there is none; check the path")
    for recognised, load in (
        (is_cifar10, load_cifar10),
        (is_mnist, load_mnist),
        (is_image_folder, load_image_folder),
    ):
        if recognised(folder):
            return load(folder)
    found = ", ".join(sorted(child.name for child in folder.iterdir())[:3]) or "nothing"
    raise SourceUnusable(f"expected {FORMATS} in {folder}, got {found}; name the folder that holds it")

"""Which source a text names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sightline_export.errors import SourceUnusable, UnknownSource
from sightline_export.sources.choices import Choices
from sightline_export.sources.imported import Imported
from sightline_export.sources.names import valid_name

FORMS = "torchvision:NAME, timm:NAME, path/to/file.py:factory or path/to/model.onnx"
_WEIGHTS = (".pt", ".pth", ".safetensors", ".ckpt", ".bin")
_FILES = (".onnx", ".py", *_WEIGHTS)


def is_source(text: str) -> bool:
    """Whether `text` names something to import; otherwise it is the name of a recipe.

    >>> [is_source(text) for text in ("cnn", "torchvision:vgg16", "nets/mine.py:small", "model.onnx")]
    [False, True, True, True]
    """
    return any(sign in text for sign in ":/\\") or text.lower().endswith(_FILES)


def load(text: str, choices: Choices | None = None) -> Imported:
    """Import the network that `text` names.

    Args:
        text: `torchvision:resnet50`, `torchvision:resnet50@IMAGENET1K_V1`, `timm:resnet50.a1_in1k`,
            `path/to/file.py:factory` or `path/to/model.onnx`.
        choices: what the user says; it wins over what the source knows.

    Raises:
        UnknownSource: no such model in that library, or no source at all.
        SourceUnusable: the library is not installed, the file or factory gives no network, or a choice does not fit.
        WeightsMismatch: the weights are another network's.
        GraphRefused: the ONNX graph can't be served.

    >>> load("torchvision:resnet18", Choices(pretrained=True)).spec.labels[0]
    'tench'
    """
    choices = choices or Choices()
    library, _, name = text.partition(":")
    if library == "torchvision":
        _require(text, "torchvision")
        from sightline_export.sources.torchvision import load_torchvision

        return load_torchvision(name, choices)
    if library == "timm":
        _require(text, "timm", "torchvision")
        from sightline_export.sources.timm import load_timm

        return load_timm(name, choices)
    if text.lower().endswith(".onnx"):
        from sightline_export.sources.onnx_file import load_onnx_file

        return load_onnx_file(Path(text), choices)
    path, colon, factory = text.rpartition(":")
    if colon and path.endswith(".py"):
        from sightline_export.sources.python_file import load_python_file

        return load_python_file(Path(path), factory, choices)
    if text.endswith(".py"):
        raise SourceUnusable(f"expected {text}:factory, got no factory; name the function that builds the network")
    if text.lower().endswith(_WEIGHTS):
        raise SourceUnusable(
            f"expected a network, got a file of weights alone; name the network and add --weights {text}: {FORMS}"
        )
    raise UnknownSource(f"expected {FORMS}, or the name of a recipe, got {text!r}")


def default_name(text: str) -> str | None:
    """The name that :func:`load` would give the model that `text` names, unless the choices say another one.

    Nothing is loaded, so it may be a model that does not exist. None where `text` names no source.

    >>> default_name("torchvision:resnet50@IMAGENET1K_V1"), default_name("nets/Mine.py:Small"), default_name("cnn")
    ('resnet50', 'small', None)
    """
    library, _, name = text.partition(":")
    path, colon, factory = text.rpartition(":")
    if library == "torchvision":
        found = name.partition("@")[0]
    elif library == "timm":
        found = name.partition(".")[0]
    elif text.lower().endswith(".onnx"):
        found = Path(text).stem
    elif colon and path.endswith(".py"):
        found = factory.rpartition(".")[2]
    else:
        found = ""
    return valid_name(found) if found else None


def _require(text: str, *packages: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            raise SourceUnusable(
                f"expected {package} for {text}, it is not installed; run: pip install 'sightline-export[models]'"
            )

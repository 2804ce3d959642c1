"""Model definitions of a torchvision whose compiled operators do not fit the installed PyTorch.

A torchvision built for CUDA beside a PyTorch for the CPU can't load its C++ library, and then can't be imported at all:
it registers the shapes of `torchvision::nms` and `torchvision::qnms`, which do not exist. Its classifiers need no
compiled operator, so declaring the two schemas is enough for them.
"""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

_declared: list[torch.library.Library] = []  # a library takes its operators with it when it is collected


def declare_operators() -> bool:
    """Make `import torchvision` and `import timm` work where torchvision's compiled operators can't be loaded.

    Call it before the first import of either; further calls do nothing. A torchvision that is whole is left alone.

    Returns:
        True when operators are missing: using one raises NotImplementedError that says what to install.
    """
    if _declared:
        return True
    spec = find_spec("torchvision") if "torchvision" not in sys.modules else None
    if spec is None or spec.origin is None or hasattr(torch.ops.torchvision, "nms"):
        return False
    if _loads(Path(spec.origin).parent):
        return False
    library = torch.library.Library("torchvision", "DEF")
    for schema in SCHEMAS:
        library.define(schema)
        library.impl(schema.partition("(")[0], _missing, "CompositeExplicitAutograd")
    _declared.append(library)
    return True


def _loads(package: Path) -> bool:
    for suffix in EXTENSION_SUFFIXES:
        if (package / f"_C{suffix}").is_file():
            try:
                torch.ops.load_library(str(package / f"_C{suffix}"))
            except OSError:
                continue
            return True
    return False


def _missing(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    raise NotImplementedError(
        f"expected torchvision's compiled operators, got a torchvision that was built for another PyTorch than "
        f"{torch.__version__}; install the two from the same index, for example: "
        "pip install --force-reinstall torch torchvision --index-url https://download.pytorch.org/whl/cpu"
    )

"""torchvision's classifiers without their classifier."""

from __future__ import annotations

from typing import Any, cast

from torch import nn

_HEADS = ("fc", "heads", "head", "classifier")
_LAYERS_KEPT = {"ConvNeXt": 2, "MaxVit": 3}  # of their classifiers: pooling and normalisation
_OWN_POOLING = ("VGG", "AlexNet", "SqueezeNet")  # their classifiers take a map, not its average


def without_top(network: nn.Module) -> nn.Module:
    """Let a classifier of torchvision end in its global average pooled last feature map, a vision transformer in its
    class token: float32 (B, c, h, w) to (B, D), for example 512 for resnet18 and vgg16, 2048 for resnet50.

    Raises:
        ValueError: a network that is none of torchvision's classifiers.
    """
    kind, parts = type(network).__name__, cast(Any, network)
    if kind in _OWN_POOLING:
        return nn.Sequential(parts.features, nn.AdaptiveAvgPool2d(1), nn.Flatten(1))
    if kind in _LAYERS_KEPT:
        parts.classifier = parts.classifier[: _LAYERS_KEPT[kind]]
        return network
    for head in _HEADS:
        if isinstance(getattr(network, head, None), nn.Module):
            setattr(network, head, nn.Identity())
            return network
    raise ValueError(f"expected a classifier of torchvision, got {kind}")

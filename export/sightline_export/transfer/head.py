"""The last layer of a classifier: finding it, and putting one for other classes in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn

from sightline_export.errors import SourceUnusable
from sightline_export.model_spec import ModelSpec
from sightline_export.training.classifier import class_logits


def head_of(network: nn.Module, spec: ModelSpec) -> str:
    """The name of the layer that gives the scores: the last linear or 1x1 convolution that is computed.

    Raises SourceUnusable where no such layer has as many outputs as the network.

    >>> head_of(torchvision.models.resnet18(), spec)
    'fc'
    """
    computed: list[str] = []
    modules = cast("Iterable[tuple[str, nn.Module]]", network.named_modules())
    layers = {name: layer for name, layer in modules if isinstance(layer, nn.Linear | nn.Conv2d)}
    hooks = [
        layer.register_forward_hook(lambda _layer, _inputs, _output, name=name: computed.append(name))
        for name, layer in layers.items()
    ]
    try:
        with torch.inference_mode():
            network.eval()
            pictures = torch.zeros(2, spec.pixels.channels, spec.pixels.height, spec.pixels.width)
            outputs = class_logits(cast("Tensor | tuple[Tensor, ...]", network(pictures))).shape[1]
    finally:
        for hook in hooks:
            hook.remove()
    fitting = [name for name in computed if layers[name].weight.shape[0] == outputs]
    if not fitting:
        raise SourceUnusable(
            f"expected a linear layer or a 1x1 convolution with {outputs} outputs at the end of {spec.name}, got none; "
            "let the network end in one"
        )
    return fitting[-1]


def with_new_head(network: nn.Module, name: str, classes: int) -> nn.Module:
    """Put a new layer with `classes` outputs in the place of the layer `name`, and return it.

    Its weights are random, as PyTorch draws them from its global generator.
    """
    parent, _, child = name.rpartition(".")
    holder = network.get_submodule(parent)
    old = getattr(holder, child)
    bias = old.bias is not None
    if isinstance(old, nn.Conv2d):
        new: nn.Module = nn.Conv2d(old.in_channels, classes, cast(Any, old.kernel_size), bias=bias)
    else:
        new = nn.Linear(cast(nn.Linear, old).in_features, classes, bias=bias)
    setattr(holder, child, new.train(old.training))
    if isinstance(getattr(network, "num_classes", None), int):
        cast(Any, network).num_classes = classes  # timm's networks say how many they have
    return new

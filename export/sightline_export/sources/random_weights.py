"""Random weights whose answers can be compared: different pictures get different ones, and every layer counts.

As the libraries make them, new networks often answer all alike: vision transformers of torchvision end in zeros, layer
scales of ConvNeXt are 1e-6, the last normalisations of residual branches are 0, and the signal of GoogLeNet fades for
want of batch statistics. A graph that is wrong there would agree with the right one.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]

SPREAD = 3.0
"""Standard deviation of the logits of trained classifiers, roughly."""

_DEAD = 1e-3
_LAYER_SCALE = 0.3
_LEAST_VARIANCE = 0.01  # as a share of the layer's mean: a channel that was constant must not be blown up


def enliven(network: nn.Module, pictures: Tensor) -> None:
    """Replace what is all but zero in a new network, and give its batch normalisations the statistics of `pictures`.

    network: in evaluation mode, and so it stays. Weights that are alive stay as they are.
    pictures: float32 (B, c, h, w), B > 1, normalised.
    """
    with torch.no_grad():
        for module in network.modules():
            for name, parameter in module.named_parameters(recurse=False):
                if "bias" not in name and parameter.numel() and parameter.abs().max() <= _DEAD:
                    _replace(module, name, parameter)
        _take_statistics(network, pictures)


def spread_logits(network: nn.Module, ask: Callable[[], Tensor]) -> None:
    """Scale the last layer of a new classifier so that its logits spread like a trained one's.

    ask: gives the logits (B, k) of real pictures as the network is at the time.
    """
    logits = ask()
    spread = float(logits.std(dim=1).mean())
    last = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer.weight.shape[0] == logits.shape[1]
    ]
    if last and spread > 0:
        with torch.no_grad():
            for parameter in last[-1].parameters():
                parameter.mul_(SPREAD / spread)


def _replace(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    elif name == "weight" and parameter.ndim == 1:  # of a normalisation
        nn.init.ones_(parameter)
    elif parameter.any() or parameter.numel() == 1:
        nn.init.constant_(parameter, _LAYER_SCALE)
    else:  # tokens and positions
        nn.init.normal_(parameter, std=0.02)


def _take_statistics(network: nn.Module, pictures: Tensor) -> None:
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    if not layers:
        return
    usual = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 1.0
        layer.train()
    network(pictures)
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum
        layer.eval()
        if layer.running_var is not None:
            layer.running_var.clamp_(min=_LEAST_VARIANCE * float(layer.running_var.mean()))

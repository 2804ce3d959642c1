"""`torchvision:NAME` and `torchvision:NAME@WEIGHTS`: torchvision's classifiers, with what their weights say."""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any, cast

from torch import nn

from sightline_backend.pixels import PixelSpec
from sightline_export.errors import SourceUnusable, UnknownSource
from sightline_export.normalisation import Normalisation
from sightline_export.sources.choices import Choices
from sightline_export.sources.imported import Imported
from sightline_export.sources.metadata import RANDOM, Metadata, pixels_of
from sightline_export.sources.network import first_line, imported, seeded
from sightline_export.sources.torchvision_operators import declare_operators
from sightline_export.sources.torchvision_top import without_top
from sightline_export.sources.weights import State, described, put, read_weights

CODE_LICENCE = "code: BSD-3-Clause (torchvision)"

# The pretrained weights of these two belong to networks that change the normalisation inside, and whose auxiliary
# classifiers are used in training alone.
_WITH_AUXILIARIES = ("googlenet", "inception_v3")
_AUXILIARY = re.compile(r"(^|\.)(AuxLogits|aux1|aux2)\.")
_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|running_mean|running_var))$")


def load_torchvision(name: str, choices: Choices) -> Imported:
    """Build the classifier `name`; size, crop, resampling, mean, std and labels are those of its weights.

    With `choices.without_top`, or for a vector, it ends in the average of its last feature map, see
    `sightline_export.sources.torchvision_top`.

    Raises:
        UnknownSource: torchvision has no classifier, or no weights, of that name.
        SourceUnusable: the weights can't be fetched or read, or a choice does not fit.
        WeightsMismatch: the weights are another network's.
    """
    declare_operators()
    from torchvision import models

    architecture, _, weights_name = name.partition("@")
    weights = _weights_of(models, architecture, weights_name)
    known = _metadata(architecture, weights, choices)
    if not known.labels and choices.pretrained and not choices.embeds:
        raise SourceUnusable(
            f"expected weights with a classifier, got {weights.name} of {architecture}; "
            "add --without-top, or choose other weights after @"
        )
    origin = f"torchvision:{name}"
    with seeded():
        network = _build(models, architecture, known, choices)
        phrase = RANDOM
        if choices.pretrained:
            phrase = f"{weights.name} (pretrained)"
            put(network, _adapted(architecture, _fetched(architecture, weights)), origin)
        elif choices.weights is not None:
            state = _adapted(architecture, read_weights(choices.weights))
            put(network, state, origin, "name the network that they belong to, and add --labels for other classes")
            phrase = described(choices.weights)
    if choices.embeds:
        network = without_top(network)
    return imported(network, known, choices, origin=origin, weights=phrase, embeds=choices.embeds, logits=True)


def metadata(architecture: str, weights: Any) -> Metadata:
    """What the weights say of themselves. weights: a member of torchvision's WeightsEnum."""
    preset = weights.transforms()
    (crop,), (resize,) = preset.crop_size, preset.resize_size
    return Metadata(
        name=architecture,
        summary=f"{architecture} of torchvision",
        architecture=f"torchvision.models.{architecture}, torchvision {version('torchvision')}",
        pixels=PixelSpec(crop, crop, fit="crop", resample=preset.interpolation.value, shorter_side=resize),
        normalisation=Normalisation(mean=tuple(preset.mean), std=tuple(preset.std)),
        labels=tuple(weights.meta["categories"] or ()),
        licence=CODE_LICENCE,
    )


def _metadata(architecture: str, weights: Any, choices: Choices) -> Metadata:
    from dataclasses import replace

    known = metadata(architecture, weights)
    if choices.pretrained:
        about = re.sub(r"`([^`<]*?)\s*<([^>]*)>`_+", r"\1 (\2)", " ".join(weights.meta["_docs"].split()))
        terms = weights.meta.get("license", "not stated; they may be bound by the terms of ImageNet")
        return replace(
            known, data=f"ImageNet-1K ({weights.name}). {about}".strip(), licence=f"{CODE_LICENCE}; weights: {terms}"
        )
    if choices.weights is not None:
        return replace(known, licence=f"{CODE_LICENCE}; weights: not stated")
    return replace(
        known, data="none: the weights are random", limits="Its weights are random: its answers mean nothing."
    )


def _weights_of(models: Any, architecture: str, weights_name: str) -> Any:
    import torchvision

    names = cast("list[str]", models.list_models(module=torchvision.models))
    if architecture not in names:
        near = get_close_matches(architecture, names, 3) or names[:3]
        raise UnknownSource(
            f"expected a classifier of torchvision, got {architecture!r}; did you mean {', '.join(near)}?"
        )
    weights = models.get_model_weights(architecture)
    if not weights_name:
        return weights.DEFAULT
    if weights_name not in weights.__members__:
        raise UnknownSource(
            f"expected weights of {architecture}, got {weights_name!r}; choose one of {', '.join(weights.__members__)}"
        )
    return weights[weights_name]


def _build(models: Any, architecture: str, known: Metadata, choices: Choices) -> nn.Module:
    options: dict[str, Any] = {}
    if choices.labels is not None and not choices.pretrained:
        options["num_classes"] = len(choices.labels)
    pixels = pixels_of(known, choices)
    if architecture in _WITH_AUXILIARIES:
        options |= {"aux_logits": False, "transform_input": True, "init_weights": False}
    if architecture.startswith("vit_"):
        if pixels.width != pixels.height:
            raise SourceUnusable(
                f"expected a square size for {architecture}, got {pixels.width}x{pixels.height}; change --size"
            )
        options["image_size"] = pixels.width
    if architecture == "maxvit_t":
        options["input_size"] = (pixels.height, pixels.width)
    try:
        return models.get_model(architecture, weights=None, **options)
    except (ValueError, RuntimeError, AssertionError) as error:
        raise SourceUnusable(
            f"expected {architecture} for pictures of {pixels.width}x{pixels.height}, got {first_line(error)}; "
            "change --size"
        ) from error


def _fetched(architecture: str, weights: Any) -> State:
    try:
        return weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except Exception as error:  # network, disk, hash: whatever the library's loading code raises
        raise SourceUnusable(
            f"expected the weights {weights.name} of {architecture} from {weights.url}, they could not be fetched "
            f"({first_line(error)}); use --weights FILE"
        ) from error


def _adapted(architecture: str, state: State) -> State:
    """What torchvision's own builders do to the keys of its files."""
    if architecture in _WITH_AUXILIARIES:
        for key in [key for key in state if _AUXILIARY.search(key)]:
            del state[key]
    if architecture.startswith("densenet"):
        for key in [key for key in state if _DENSENET.match(key)]:
            state[_DENSENET.sub(r"\1\2", key)] = state.pop(key)
    return state

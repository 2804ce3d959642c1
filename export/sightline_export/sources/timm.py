"""`timm:NAME` and `timm:NAME.TAG`: the models of timm, with what their configuration says."""

from __future__ import annotations

import math
import warnings
from difflib import get_close_matches
from functools import cache
from importlib.metadata import version
from typing import Any, cast

from torch import nn

from sightline_backend.errors import ParameterError
from sightline_backend.modes import Mode
from sightline_backend.pixels import Fit, PixelSpec, Resample
from sightline_export.errors import SourceUnusable, UnknownSource
from sightline_export.normalisation import Normalisation
from sightline_export.sources.choices import Choices
from sightline_export.sources.imported import Imported
from sightline_export.sources.metadata import RANDOM, Metadata
from sightline_export.sources.network import first_line, imported, seeded
from sightline_export.sources.torchvision_operators import declare_operators
from sightline_export.sources.weights import described, put, read_weights

CODE_LICENCE = "code: Apache-2.0 (timm)"
_MODES: dict[int, Mode] = {1: "gray", 3: "rgb"}


def load_timm(name: str, choices: Choices) -> Imported:
    """Build the model `name`; size, crop, resampling, mean, std and labels are those of its configuration.

    Without its top, or for a vector where its outputs are known classes, it gives timm's pooled features
    (`num_classes=0`). A model that has no classifier by itself gives a vector.

    Raises:
        UnknownSource: timm has no model, or no weights, of that name.
        SourceUnusable: the preprocessing can't be expressed, the weights can't be had, or a choice does not fit.
        WeightsMismatch: the weights are another network's.
    """
    declare_operators()
    import timm

    config = _config(timm, name)
    known = metadata(config, choices)
    classes = int(config["num_classes"])
    embeds = choices.embeds or (classes == 0 and choices.labels is None)
    origin = f"timm:{name}"
    if embeds and choices.task == "image-classification":
        raise SourceUnusable(
            f"expected a network with a classifier, got {origin}, which has none; "
            "leave --task out, or add --labels and --weights of one that has"
        )
    with seeded():
        network = _build(timm, name, config, choices)
        phrase = RANDOM
        if choices.pretrained:
            phrase = f"{config.get('tag') or config['architecture']} (pretrained)"
        elif choices.weights is not None:
            state = read_weights(choices.weights)
            put(network, state, origin, "name the network that they belong to, and add --labels for other classes")
            phrase = described(choices.weights)
        if choices.without_top or (embeds and known.labels):
            cast(Any, network).reset_classifier(0)
    return imported(network, known, choices, origin=origin, weights=phrase, embeds=embeds, logits=True)


def metadata(config: dict[str, Any], choices: Choices) -> Metadata:
    """What timm's configuration of pretrained weights says.

    Raises:
        SourceUnusable: the preprocessing can't be expressed and the choices don't replace it.
    """
    from timm.data import config as timm_config

    architecture = str(config["architecture"])
    channels = int(config["input_size"][0])
    if channels not in _MODES:
        raise SourceUnusable(
            f"expected a network for 1 or 3 channels, got {architecture} for {channels}; choose another"
        )
    size = {} if choices.size is None else {"input_size": (channels, choices.size[1], choices.size[0])}
    data = cast("dict[str, Any]", cast(Any, timm_config).resolve_data_config(size, pretrained_cfg=config))
    labels = _labels(config)
    data_said, licence, limits = _provenance(config, choices, len(labels))
    papers = config.get("paper_ids") or ()
    cited = (", ".join([papers] if isinstance(papers, str) else papers),) if papers else ()
    return Metadata(
        name=architecture,
        summary=f"{architecture} of timm",
        architecture=", ".join((f"{architecture} of timm {version('timm')}", *cited)),
        mode=_MODES[channels],
        pixels=_pixels(architecture, data, choices),
        normalisation=Normalisation(mean=tuple(data["mean"]), std=tuple(data["std"])),
        labels=labels,
        data=data_said,
        licence=licence,
        limits=limits,
    )


def _config(timm: Any, name: str) -> dict[str, Any]:
    architecture, _, tag = name.partition(".")
    names = cast("list[str]", timm.list_models())
    if architecture not in names and not timm.is_model(architecture):
        near = get_close_matches(architecture, names, 3) or names[:3]
        raise UnknownSource(f"expected a model of timm, got {architecture!r}; did you mean {', '.join(near)}?")
    tags = cast("list[str]", timm.list_models(f"{architecture}.*", pretrained=True))
    if tag and name not in tags:
        near = get_close_matches(name, tags, 5, cutoff=0.0) or ["none"]
        raise UnknownSource(f"expected weights of {architecture}, got {tag!r}; choose one of {', '.join(near)}")
    config = timm.get_pretrained_cfg(name)
    found = {} if config is None else cast("dict[str, Any]", config.to_dict())
    return {"architecture": architecture, "input_size": (3, 224, 224), "num_classes": 1000} | found


def _build(timm: Any, name: str, config: dict[str, Any], choices: Choices) -> nn.Module:
    options: dict[str, Any] = {}
    if choices.labels is not None and not choices.pretrained:
        options["num_classes"] = len(choices.labels)
    if choices.size is not None and config.get("fixed_input_size"):
        options["img_size"] = (choices.size[1], choices.size[0])
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            return timm.create_model(name, pretrained=choices.pretrained, **options)
    except Exception as error:  # network, disk, hash, sizes: whatever the library's code raises
        if choices.pretrained:
            raise SourceUnusable(
                f"expected the pretrained weights of timm:{name}, they could not be fetched ({first_line(error)}); "
                "use --weights FILE"
            ) from error
        raise SourceUnusable(f"expected timm:{name} to be built, got {first_line(error)}; change --size") from error


def _pixels(architecture: str, data: dict[str, Any], choices: Choices) -> PixelSpec:
    """What timm's own evaluation transform does, see `timm.data.transforms_factory.transforms_imagenet_eval`."""
    channels, height, width = data["input_size"]
    share, how = data["crop_pct"], data["crop_mode"]
    fit: Fit = "squash" if how == "squash" else "crop"
    exact = share == 1 if how == "squash" else how == "center" and share <= 1 and width == height
    if not exact and choices.fit is None:
        raise SourceUnusable(
            f"expected preprocessing that the decoding step can do exactly, got timm's crop_mode {how!r} with crop_pct "
            f"{share:g} at {width}x{height} for {architecture}; for the nearest one add --fit "
            f"{'letterbox' if how == 'border' else fit}"
        )
    try:
        return PixelSpec(
            width,
            height,
            mode=_MODES[channels],
            fit=fit,
            resample=cast(Resample, choices.resample or data["interpolation"]),
            shorter_side=math.floor(width / share) if exact and fit == "crop" else None,
        )
    except ParameterError as error:
        raise SourceUnusable(str(error)) from error


def _labels(config: dict[str, Any]) -> tuple[str, ...]:
    from timm.data import imagenet_info

    if config.get("label_names"):
        return tuple(config["label_names"])
    subset = cast(Any, imagenet_info).infer_imagenet_subset(config)
    return () if subset is None else _imagenet_labels(str(subset))


@cache
def _imagenet_labels(subset: str) -> tuple[str, ...]:
    from timm.data.imagenet_info import ImageNetInfo

    return tuple(cast("list[str]", ImageNetInfo(subset).label_descriptions()))


def _provenance(config: dict[str, Any], choices: Choices, labels: int) -> tuple[str, str, str]:
    """Data, licence and limits."""
    if choices.pretrained:
        tag = config.get("tag") or "default"
        classes = f", {labels} classes of ImageNet" if labels else ""
        origin = f", from {config['origin_url']}" if config.get("origin_url") else ""
        terms = config.get("license") or "not stated"
        return (
            f"not stated beyond timm's name for the weights: {tag}{classes}{origin}",
            f"{CODE_LICENCE}; weights: {terms}",
            "",
        )
    if choices.weights is not None:
        return "not stated", f"{CODE_LICENCE}; weights: not stated", ""
    return "none: the weights are random", CODE_LICENCE, "Its weights are random: its answers mean nothing."

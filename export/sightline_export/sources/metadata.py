"""What a source knows of a model by itself, and the specification that this and the user's choices make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from sightline_backend.errors import ParameterError
from sightline_backend.modes import Mode
from sightline_backend.pixels import Fit, PixelSpec, Resample
from sightline_export.datasets.faces import portraits
from sightline_export.datasets.photographs import photographs
from sightline_export.errors import SourceUnusable
from sightline_export.model_spec import ModelSpec
from sightline_export.normalisation import ZERO_TO_ONE, ChannelOrder, Normalisation
from sightline_export.sources.choices import Choices
from sightline_export.sources.names import valid_name

if TYPE_CHECKING:
    from sightline_export.tasks.task import Task

DEFAULT_MAX_BATCH_SIZE = 32
RANDOM = "random: its answers mean nothing"


@dataclass(frozen=True)
class Metadata:
    """name: of the model, made a valid one where it is used. The rest as in `ModelSpec`; pixels is None if unknown."""

    name: str
    summary: str
    architecture: str
    mode: Mode = "rgb"
    pixels: PixelSpec | None = None
    normalisation: Normalisation = ZERO_TO_ONE
    labels: tuple[str, ...] = ()
    data: str = "not stated"
    licence: str = "not stated"
    limits: str = ""


def pixels_of(known: Metadata, choices: Choices) -> PixelSpec:
    """The pixel specification; with another size than the source's own, the crop keeps its share of the picture.

    Raises:
        SourceUnusable: no size is known, or a value is outside what `PixelSpec` takes.
    """
    if choices.mode not in (None, known.mode):
        raise SourceUnusable(
            f"expected {known.mode} pictures, which {known.architecture} takes, got --mode {choices.mode}; leave it out"
        )
    try:
        if known.pixels is None:
            if choices.size is None:
                raise SourceUnusable(
                    "expected the width and height that the network takes, got none; add --size, e.g. --size 224x224"
                )
            pixels = PixelSpec(*choices.size, mode=known.mode)
        else:
            pixels = known.pixels if choices.size is None else _resized(known.pixels, choices.size)
        if choices.fit is not None:
            shorter_side = pixels.shorter_side if choices.fit == pixels.fit else None
            pixels = replace(pixels, fit=cast(Fit, choices.fit), shorter_side=shorter_side)
        if choices.resample is not None:
            pixels = replace(pixels, resample=cast(Resample, choices.resample))
    except ParameterError as error:
        raise SourceUnusable(str(error)) from error
    return pixels


def normalisation_of(known: Normalisation, channels: int, choices: Choices) -> Normalisation:
    """From levels to what the network takes.

    Raises:
        SourceUnusable: a number of values that is neither 1 nor the number of channels, or a mean on another scale.
    """
    for option, values in (("--mean", choices.mean), ("--std", choices.std)):
        if values is not None and len(values) not in (1, channels):
            counts = "1 value" if channels == 1 else f"1 or {channels} values"
            raise SourceUnusable(f"expected {counts} of {option}, got {len(values)}; give one for each channel")
    if channels == 1 and choices.channel_order == "bgr":
        raise SourceUnusable("expected 3 channels for the channel order bgr, got 1; leave the channel order out")
    changes = {
        key: value
        for key, value in (("scale", choices.scale), ("mean", choices.mean), ("std", choices.std))
        if value is not None
    }
    order = cast(ChannelOrder, choices.channel_order or known.channel_order)
    try:
        result = replace(known, channel_order=order, **changes)
    except ValueError as error:
        raise SourceUnusable(str(error)) from error
    brightest = 255 * result.scale
    if choices.mean is not None and max(map(abs, result.mean)) > 2 * brightest:
        raise SourceUnusable(
            f"expected a mean in the unit after scaling, where white is {brightest:g}, got {max(result.mean):g}; "
            "divide it by 255, or add --scale 1 if the network takes levels of 0 to 255"
        )
    return result


def specification(
    known: Metadata,
    task: Task,
    labels: tuple[str, ...],
    pixels: PixelSpec,
    normalisation: Normalisation,
    choices: Choices,
) -> ModelSpec:
    """What the source knows and the user says, together.

    Raises:
        SourceUnusable: the name or the maximal batch size can't be used.
    """
    pictures, limits = photographs, known.limits
    if choices.faces:
        from sightline_export.tasks.face_embedding import REFUSES, face_embedding

        task, pictures, limits = face_embedding(task), portraits, f"{limits} {REFUSES}".strip()
    try:
        return ModelSpec(
            name=choices.name if choices.name is not None else valid_name(known.name),
            summary=known.summary,
            architecture=known.architecture,
            task=task,
            pixels=pixels,
            pictures=pictures,
            normalisation=normalisation,
            labels=labels,
            data=known.data,
            licence=known.licence,
            limits=limits,
            max_batch_size=DEFAULT_MAX_BATCH_SIZE if choices.max_batch_size is None else choices.max_batch_size,
        )
    except ValueError as error:
        raise SourceUnusable(str(error)) from error


def labels_of(known: tuple[str, ...], outputs: int, choices: Choices) -> tuple[str, ...]:
    """One name for each output: the user's, the source's, or `class 0`, `class 1` and so on.

    Raises:
        SourceUnusable: the user gave another number of names, or one that a line of text can't hold.
    """
    if choices.labels is None:
        return known if len(known) == outputs else tuple(f"class {index}" for index in range(outputs))
    if len(choices.labels) != outputs:
        raise SourceUnusable(
            f"expected {outputs} labels, one for each output of the network, got {len(choices.labels)}; "
            "give as many, in the order of the outputs"
        )
    for label in choices.labels:
        if not label.strip() or not label.isprintable():
            raise SourceUnusable(f"expected labels of one line of text, got {label!r}; rename it")
    return choices.labels


def _resized(pixels: PixelSpec, size_wh: tuple[int, int]) -> PixelSpec:
    width, height = size_wh
    shorter_side = pixels.shorter_side
    if shorter_side is not None and size_wh != (pixels.width, pixels.height):
        shorter_side = shorter_side * max(size_wh) // max(pixels.width, pixels.height)
    return replace(pixels, width=width, height=height, shorter_side=shorter_side)

"""`path/to/model.onnx`: a graph that somebody else exported."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sightline_backend.modes import Mode
from sightline_backend.pixels import PixelSpec
from sightline_export.errors import SourceUnusable
from sightline_export.normalisation import PLUS_MINUS_ONE, ZERO_TO_ONE, Normalisation
from sightline_export.sources.answers import (
    MORE_PICTURES,
    check_count,
    check_finite,
    check_telling,
    gives_logits,
    real_pictures,
    unreal_pictures,
)
from sightline_export.sources.choices import Choices
from sightline_export.sources.imported import Imported
from sightline_export.sources.metadata import Metadata, labels_of, normalisation_of, pixels_of, specification
from sightline_export.sources.network import PROVOKING, task_of
from sightline_export.sources.weights import described

if TYPE_CHECKING:
    from sightline_export.graph.foreign import OnnxNetwork

_MODES: dict[int, Mode] = {1: "gray", 3: "rgb"}
_RAW = "RAW"


def load_onnx_file(path: Path, choices: Choices) -> Imported:
    """Read a graph; a fixed height and width are taken from it, everything else from `choices`.

    A graph that takes bytes gets levels of 0 to 255, one that takes faces -1 to 1, any other one levels divided by 255,
    unless the choices differ.

    Raises:
        GraphRefused: the graph can't be served, with the fix.
        SourceUnusable: no such file, no picture network, or a choice does not fit.
    """
    for option, given in (
        ("--pretrained", choices.pretrained),
        ("--without-top", choices.without_top),
        ("--weights", choices.weights is not None),
    ):
        if given:
            raise SourceUnusable(
                f"expected no {option} for {path}, got it; the file holds its own weights, leave it out"
            )
    if not path.is_file():
        raise SourceUnusable(f"expected an ONNX file at {path}, there is none; check the path")
    from sightline_export.graph.foreign import read

    scratch = Path(tempfile.mkdtemp(prefix="sightline-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)  # the network names a file in it until the end
    network = read(path, scratch, choices.size)
    known = _metadata(path, network, choices)
    pixels = pixels_of(known, choices)
    normalisation = normalisation_of(known.normalisation, pixels.channels, choices)
    outputs = prod(network.output_shape)
    if outputs < 1 or len([side for side in network.output_shape if side != 1]) > 1:
        shape = ", ".join(map(str, ("B", *network.output_shape)))
        raise SourceUnusable(
            f"expected an output of (B, k) from {path}, got ({shape}); only classifiers and embedders are imported"
        )
    embeds = choices.embeds
    answers = _answers(network, real_pictures(pixels), pixels, normalisation)
    check_finite(answers, str(path))
    check_count(outputs, str(path), embeds)
    check_telling(
        answers, str(path), lambda: _answers(network, real_pictures(pixels, MORE_PICTURES), pixels, normalisation)
    )
    provoking = replace(normalisation, scale=PROVOKING * normalisation.scale)
    logits = not embeds and gives_logits(
        answers, str(path), lambda: _answers(network, unreal_pictures(pixels), pixels, provoking)
    )
    labels = () if embeds else labels_of((), outputs, choices)
    task = task_of(embeds, outputs, logits, half=network.half)
    spec = specification(known, task, labels, pixels, normalisation, choices)
    return Imported(spec, network, str(path), described(path))


def _metadata(path: Path, network: OnnxNetwork, choices: Choices) -> Metadata:
    if network.channels not in _MODES:
        raise SourceUnusable(f"expected a graph for 1 or 3 channels, got {path} for {network.channels}")
    mode = _MODES[network.channels]
    if network.datatype == "UINT8" and (choices.mean, choices.std, choices.scale) != (None, None, None):
        raise SourceUnusable(
            f"expected no --mean, --std or --scale for {path}, got some; it takes bytes and normalises them itself"
        )
    pixels = None
    if network.width is not None and network.height is not None:
        fixed = (network.width, network.height)
        if choices.size is not None and choices.size != fixed:
            raise SourceUnusable(
                f"expected the size of the graph, {fixed[0]}x{fixed[1]}, got {choices.size[0]}x{choices.size[1]}; "
                "leave --size out"
            )
        pixels = PixelSpec(*fixed, mode=mode)
    return Metadata(
        name=path.stem,
        summary=f"{path.name}, an ONNX graph",
        architecture=f"{path.name}, opset {network.opset}",
        mode=mode,
        pixels=pixels,
        normalisation=_usual_normalisation(network, choices),
    )


def _usual_normalisation(network: OnnxNetwork, choices: Choices) -> Normalisation:
    """Networks of faces were trained on -1 to 1: (level - 127.5) / 127.5."""
    if network.datatype == "UINT8":
        return Normalisation(scale=1.0)
    return PLUS_MINUS_ONE if choices.faces else ZERO_TO_ONE


def _answers(
    network: OnnxNetwork, pictures: NDArray[np.uint8], pixels: PixelSpec, normalisation: Normalisation
) -> NDArray[Any]:
    """float32 (B, k)."""
    from sightline_export.graph.reference import reference

    answer = reference(network, normalisation, pixels, "none", _RAW)
    rows = answer({"PIXELS": pictures})[_RAW]
    return rows.reshape(len(rows), -1)

"""From a PyTorch network and what is known of it to an import: its outputs are counted by running it once."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_backend.modes import Mode
from sightline_backend.pixels import PixelSpec
from sightline_export.errors import SourceUnusable
from sightline_export.sources.answers import (
    MORE_PICTURES,
    PICTURES,
    check_count,
    check_finite,
    check_telling,
    gives_logits,
    real_pictures,
    unreal_pictures,
)
from sightline_export.sources.choices import Choices
from sightline_export.sources.imported import Imported
from sightline_export.sources.metadata import RANDOM, Metadata, labels_of, normalisation_of, pixels_of, specification
from sightline_export.sources.random_weights import enliven, spread_logits

if TYPE_CHECKING:
    from sightline_export.tasks.task import Task

PROVOKING = 100.0
"""How far pictures are blown up that shall drive logits out of the range of probabilities."""


@contextmanager
def seeded() -> Generator[None]:
    """Random weights are the same on every call; the caller's random numbers stay as they are."""
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(0)
    try:
        yield
    finally:
        torch.set_rng_state(before)


def imported(
    network: nn.Module,
    known: Metadata,
    choices: Choices,
    *,
    origin: str,
    weights: str,
    embeds: bool,
    logits: bool | None,
) -> Imported:
    """Put a network and its metadata together.

    Args:
        embeds: whether the output is a vector rather than scores of classes.
        logits: whether scores are logits; None: find out with real pictures.

    Raises:
        SourceUnusable: the network does not take such pictures, gives no (B, k), one output, or the same to all
            pictures, or a choice does not fit.
    """
    network.eval()
    pixels = pixels_of(known, choices)
    normalisation = normalisation_of(known.normalisation, pixels.channels, choices)
    many = normalisation(_tensor(real_pictures(pixels, MORE_PICTURES)))
    x = many[:PICTURES]
    answers = run(network, x, origin).numpy()
    check_finite(answers, origin)
    outputs = answers.shape[1]
    check_count(outputs, origin, embeds)
    if weights != RANDOM:
        check_telling(answers, origin, lambda: run(network, many, origin).numpy())
    if logits is None and not embeds:
        provoking = replace(normalisation, scale=PROVOKING * normalisation.scale)(_tensor(unreal_pictures(pixels)))
        logits = gives_logits(answers, origin, lambda: run(network, provoking, origin).numpy())
    task = task_of(embeds, outputs, bool(logits))
    labels = () if embeds else labels_of(known.labels, outputs, choices)
    if weights == RANDOM:
        with seeded():
            enliven(network, many)
            if not embeds:
                spread_logits(network, lambda: run(network, x, origin))
    return Imported(specification(known, task, labels, pixels, normalisation, choices), network, origin, weights)


def task_of(embeds: bool, outputs: int, logits: bool, half: bool = False) -> Task:
    """The task of a network with `outputs` outputs; half: whether it computes in float16."""
    from sightline_export.tasks.image_classification import HALF_TOLERANCE, ImageClassification
    from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction

    task = ImageFeatureExtraction(dimensions=outputs) if embeds else ImageClassification(logits=logits)
    return replace(task, tolerance=HALF_TOLERANCE) if half else task


def run(network: nn.Module, x: Tensor, origin: str) -> Tensor:
    """Run `network` on float32 (B, c, h, w).

    Returns:
        float (B, k).

    Raises:
        SourceUnusable: the network fails, or gives something else.
    """
    try:
        with torch.inference_mode():
            output = cast(object, network(x))
    except Exception as error:  # a network is anybody's program
        raise SourceUnusable(
            f"expected {origin} to take float32 pictures of {_shape(x)}, got {type(error).__name__}: "
            f"{first_line(error)}; check --size and the number of channels"
        ) from error
    if not isinstance(output, Tensor):
        raise SourceUnusable(
            f"expected one tensor (B, k) from {origin}, got {_kind(output)}; let forward return the scores alone"
        )
    rows = output.flatten(1) if output.ndim > 2 and output.shape[1] == output[0].numel() else output  # (B, k, 1, 1)
    if rows.ndim != 2 or rows.shape[0] != x.shape[0] or not rows.is_floating_point() or not rows.shape[1]:
        raise SourceUnusable(
            f"expected floats of ({x.shape[0]}, k) from {origin} for {x.shape[0]} pictures, got {output.dtype} "
            f"of {_shape(output)}; only classifiers and embedders can be imported"
        )
    return rows


def mode_that_fits(network: nn.Module, known: Metadata, choices: Choices) -> Mode:
    """`known.mode`, or the other one where the network refuses pictures of that and takes pictures of this.

    Raises:
        SourceUnusable: no size is known.
    """
    network.eval()
    other: Mode = "rgb" if known.mode == "gray" else "gray"
    for mode in (known.mode, other):
        if _takes(network, pixels_of(replace(known, mode=mode), choices)):
            return mode
    return known.mode


def first_line(error: BaseException) -> str:
    """The message of an error of somebody else's program, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _takes(network: nn.Module, pixels: PixelSpec) -> bool:
    try:
        with torch.inference_mode():
            network(torch.zeros(2, pixels.channels, pixels.height, pixels.width))
    except Exception:  # a network is anybody's program; what is wrong is said when it is run in earnest
        return False
    return True


def _tensor(pictures: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float()


def _kind(output: object) -> str:
    if isinstance(output, tuple | list):
        return f"a {type(cast(object, output)).__name__} of {len(cast('list[object]', output))}"
    return f"a {type(output).__name__}"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))

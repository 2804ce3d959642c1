"""From a PyTorch network and what is known of it to an import: its outputs are counted by running it once."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_backend.pixels import PixelSpec, decode
from sightline_export.datasets.photographs import photographs
from sightline_export.errors import SourceUnusable
from sightline_export.sources.choices import Choices
from sightline_export.sources.imported import Imported
from sightline_export.sources.metadata import RANDOM, Metadata, labels_of, normalisation_of, pixels_of, specification
from sightline_export.sources.random_weights import enliven, spread_logits

if TYPE_CHECKING:
    from sightline_export.tasks.task import Task

_PICTURES = 2
_VARIED_PICTURES = 8
_SUM_TOLERANCE = 1e-3


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
        SourceUnusable: the network does not take such pictures, or gives no (B, k), or a choice does not fit.
    """
    network.eval()
    pixels = pixels_of(known, choices)
    normalisation = normalisation_of(known.normalisation, pixels.channels, choices)
    x = normalisation(_levels(pixels, _PICTURES))
    answers = run(network, x, origin).numpy()
    check_finite(answers, origin)
    outputs = answers.shape[1]
    task = task_of(embeds, outputs, not are_probabilities(answers) if logits is None else logits)
    labels = () if embeds else labels_of(known.labels, outputs, choices)
    if weights == RANDOM:
        with seeded():
            enliven(network, normalisation(_levels(pixels, _VARIED_PICTURES)))
            if not embeds:
                spread_logits(network, lambda: run(network, x, origin))
    return Imported(specification(known, task, labels, pixels, normalisation, choices), network, origin, weights)


def task_of(embeds: bool, outputs: int, logits: bool) -> Task:
    """The task of a network with `outputs` outputs."""
    from sightline_export.tasks.image_classification import ImageClassification
    from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction

    return ImageFeatureExtraction(dimensions=outputs) if embeds else ImageClassification(logits=logits)


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


def check_finite(rows: NDArray[Any], origin: str) -> None:
    """Refuse a network whose answers to real pictures are no numbers.

    Raises:
        SourceUnusable: infinity or not a number among them.
    """
    if not np.isfinite(rows).all():
        raise SourceUnusable(
            f"expected finite numbers from {origin} for real pictures, got {rows[~np.isfinite(rows)][0]}; "
            "check the weights, and --mean, --std and --scale"
        )


def are_probabilities(rows: NDArray[Any]) -> bool:
    """Whether rows (B, k) of answers to real pictures are probabilities rather than logits."""
    within = bool(np.all((rows >= 0) & (rows <= 1)))
    return within and bool(np.all(np.abs(rows.sum(axis=1, dtype=np.float64) - 1) <= _SUM_TOLERANCE))


def real_pictures(pixels: PixelSpec, count: int = _PICTURES) -> NDArray[np.uint8]:
    """A few photographs, uint8 (B, h, w, c)."""
    return np.stack([decode(file.content, pixels) for file in photographs(count)])


def first_line(error: BaseException) -> str:
    """The message of an error of somebody else's program, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _levels(pixels: PixelSpec, count: int) -> Tensor:
    return torch.from_numpy(real_pictures(pixels, count)).permute(0, 3, 1, 2).float()


def _kind(output: object) -> str:
    if isinstance(output, tuple | list):
        return f"a {type(cast(object, output)).__name__} of {len(cast('list[object]', output))}"
    return f"a {type(output).__name__}"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))

"""What the three models of `vae` are measured by, and their contact sheets, always through their served answers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.pixels import PixelSpec, decode
from sightline_backend.steps import files_array
from sightline_export.datasets.digits import LABELS, Digits, load_digits
from sightline_export.measures.figures import Measurement
from sightline_export.measures.generation import generated, recognition
from sightline_export.measures.reconstruction import reconstruction
from sightline_export.recipe import Evaluation
from sightline_export.sheets.contact_sheet import grid
from sightline_export.sheets.latent_plane import nearest_seeds, quantile_grid
from sightline_export.tasks.picture_output import opened

PIXELS = PixelSpec(width=28, height=28, mode="gray")
JUDGE = "mnist_cnn"
ERROR_FLOOR = 0.4
RECOGNISED_FLOOR = 0.5
MAP_SIDE, SHOWN, STEPS, TILE = 15, 12, 9, 56


def generation(evaluation: Evaluation) -> Measurement:
    return recognition(evaluation.model, evaluation.required[JUDGE], JUDGE, LABELS, RECOGNISED_FLOOR)


def reconstructed(evaluation: Evaluation) -> Measurement:
    _, held_out = load_digits()
    received = _pixels(evaluation.model({"IMAGE": files_array(held_out.pictures)})["RESULT"].astype(np.object_))
    return _error(received, held_out)


def interpolated(evaluation: Evaluation) -> Measurement:
    """Both ends of the way from each held-out picture to the next one."""
    _, held_out = load_digits()
    pictures = held_out.pictures
    ends = [_between(evaluation, pictures, (*pictures[1:], pictures[0]), fraction) for fraction in (0.0, 1.0)]
    received = np.concatenate([_pixels(ends[0]), np.roll(_pixels(ends[1]), 1, axis=0)])
    both = Digits((*pictures, *pictures), np.concatenate([held_out.labels, held_out.labels]))
    measured = _error(received, both)
    error, *others = measured.figures
    return replace(measured, figures=(replace(error, name=f"at both ends, {error.name}"), *others))


def latent_map(evaluation: Evaluation) -> Image.Image:
    points = quantile_grid(MAP_SIDE)
    pictures = opened(generated(evaluation.model, nearest_seeds(points).ravel().tolist()))
    rows = [pictures[first : first + MAP_SIDE] for first in range(0, len(pictures), MAP_SIDE)]
    return grid(
        rows,
        row_titles=[f"{y:+.1f}" for y in points[:, 0, 1]],
        column_titles=[f"{x:+.1f}" for x in points[0, :, 0]],
        tile=TILE,
    )


def reconstruction_sheet(evaluation: Evaluation) -> Image.Image:
    """The first held-out pictures of each digit in two columns each: what was sent, and what came back."""
    rows: list[list[Image.Image]] = []
    _, held_out = load_digits()
    for digit in range(len(LABELS)):
        files = _first(held_out, digit, SHOWN // 2)
        received = opened(evaluation.model({"IMAGE": files_array(files)})["RESULT"].astype(np.object_))
        pairs = zip((Image.fromarray(_rendered(file)) for file in files), received, strict=True)
        rows.append([picture for pair in pairs for picture in pair])
    return grid(rows, row_titles=LABELS, column_titles=("sent", "back") * (SHOWN // 2), tile=TILE)


def interpolation_sheet(evaluation: Evaluation) -> Image.Image:
    """From a held-out picture of each digit to one of the next digit."""
    _, held_out = load_digits()
    firsts = [_first(held_out, digit, 1)[0] for digit in range(len(LABELS))]
    fractions = np.linspace(0, 1, STEPS).tolist()
    others = (*firsts[1:], firsts[0])
    columns = [opened(_between(evaluation, firsts, others, fraction)) for fraction in fractions]
    rows = [
        [Image.fromarray(_rendered(first)), *way, Image.fromarray(_rendered(other))]
        for first, *way, other in zip(firsts, *columns, others, strict=True)
    ]
    titles = ["IMAGE", *(f"{fraction:g}" for fraction in fractions), "OTHER"]
    return grid(rows, column_titles=titles, tile=TILE)


def _first(digits: Digits, digit: int, count: int) -> list[bytes]:
    """The first `count` pictures of a digit."""
    pairs = zip(digits.pictures, digits.labels.tolist(), strict=True)
    return [picture for picture, label in pairs if label == digit][:count]


def _between(
    evaluation: Evaluation, pictures: Sequence[bytes], others: Sequence[bytes], fraction: float
) -> NDArray[np.object_]:
    inputs = {
        "IMAGE": files_array(pictures),
        "OTHER": files_array(others),
        "FRACTION": np.full((len(pictures), 1), fraction, dtype=np.float32),
    }
    return evaluation.model(inputs)["RESULT"].astype(np.object_)


def _error(received: NDArray[np.uint8], digits: Digits) -> Measurement:
    train, _ = load_digits()
    mean = train.render(PIXELS).mean(axis=0)
    return reconstruction(digits.render(PIXELS), received, mean, digits.labels, LABELS, ERROR_FLOOR)


def _pixels(files: NDArray[np.object_]) -> NDArray[np.uint8]:
    return np.stack([decode(file, PIXELS) for file in files.ravel().tolist()])


def _rendered(file: bytes) -> NDArray[np.uint8]:
    return decode(file, PIXELS)[..., 0]

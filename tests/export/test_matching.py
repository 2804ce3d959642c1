"""`matching`: its figures are of pictures that were not trained on, each searched among all others."""

from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sightline_export.datasets.digits import LABELS, load_digits
from sightline_export.errors import FloorMissed
from sightline_export.measures.figures import Measurement
from sightline_export.models.embedder import Embedder, EmbedderConfig
from sightline_export.recipe import Evaluation, Recipe, find_recipe
from sightline_export.verification.parity import Arrays

HELD_OUT = load_digits()[1]
KNOWN = np.eye(10, dtype=np.float32)[HELD_OUT.labels]


def recipe() -> Recipe:
    found = find_recipe("matching")
    assert isinstance(found, Recipe)
    return found


def measured_with(vectors: NDArray[np.float32]) -> tuple[Evaluation, Measurement]:
    """What the recipe measures of a model that gives row i for the held-out digit i."""
    places = {file: place for place, file in enumerate(HELD_OUT.pictures)}

    def model(inputs: Arrays) -> Arrays:
        files = cast("list[bytes]", inputs["IMAGE"][:, 0].tolist())
        return {"EMBEDDING": vectors[[places[file] for file in files]]}

    evaluation, evaluate = Evaluation(model, {}), recipe().evaluate
    assert evaluate is not None
    return evaluation, evaluate(evaluation)


def test_a_model_that_knows_the_digits_finds_them_all() -> None:
    _, measured = measured_with(KNOWN)
    assert [figure.value for figure in measured.figures] == [1.0, 1.0, 0.0]
    assert [figure.floor for figure in measured.figures] == [0.95, 0.9, None]
    assert list(measured.per_class) == list(LABELS)
    assert sum(row["queries"] for row in measured.per_class.values()) == len(HELD_OUT) == 360


def test_a_model_that_knows_nothing_is_below_the_floor() -> None:
    _, measured = measured_with(np.random.default_rng(0).normal(size=(len(HELD_OUT), 8)).astype(np.float32))
    recall, precision, error = measured.figures
    assert recall.value == pytest.approx(1 - 0.9**5, abs=0.1)  # five draws of ten classes
    assert precision.value == pytest.approx(0.1, abs=0.05)
    assert error.value == pytest.approx(0.5, abs=0.05)
    with pytest.raises(FloorMissed, match="recall@5"):
        measured.require_floors("matching")


def test_the_sheet_shows_a_query_of_each_digit_and_its_five_nearest() -> None:
    sheet = recipe().sheet
    assert sheet is not None
    image = sheet(measured_with(KNOWN)[0])
    assert image.width > 6 * 64
    assert image.height > 10 * 64


def test_the_network_gives_a_vector_for_each_picture_of_a_batch() -> None:
    network = Embedder(EmbedderConfig(widths=(4, 4, 8), dimensions=12)).eval()
    pictures = torch.randn(3, 3, 64, 64)
    with torch.inference_mode():
        together, alone = network(pictures), network(pictures[1:2])
    assert together.shape == (3, 12)
    assert torch.allclose(together[1:2], alone, atol=1e-5)

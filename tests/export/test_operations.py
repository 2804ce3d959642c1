"""The operations without a network: what is asked to verify them, and what their entries say."""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.edits import EDITS, edited
from sightline_backend.model_config import string_parameters
from sightline_backend.pictures import open_picture
from sightline_export.recipe import Evaluation, Operation, recipes
from sightline_export.repository.golden import stack
from sightline_export.verification.truth import GOLDEN_CASES, MIN_REQUESTS

SHEET_BYTES = 250_000


def operation(name: str) -> Operation:
    found = recipes()[name]
    assert isinstance(found, Operation)
    return found


@cache
def asked(name: str) -> Mapping[str, NDArray[Any]]:
    return stack(operation(name).model.requests(MIN_REQUESTS))


@pytest.mark.parametrize("name", EDITS)
def test_every_request_is_answered_as_the_function_edits_the_picture(name: str) -> None:
    model = operation(name).model
    inputs = asked(name)
    assert set(inputs) == {"IMAGE", *(each.name for each in EDITS[name].inputs)}
    results = model.in_process({})(inputs)["RESULT"]
    assert results.shape == (MIN_REQUESTS, 1)
    for row in range(MIN_REQUESTS):
        values = {key: array[row] for key, array in inputs.items() if key != "IMAGE"}
        expected = edited(inputs["IMAGE"][row, 0], EDITS[name], values)
        assert Image.open(BytesIO(results[row, 0])).tobytes() == expected.tobytes()


def test_requests_are_always_the_same_and_the_golden_ones_small() -> None:
    requests = operation("crop").model.requests(MIN_REQUESTS)
    assert all(np.array_equal(array, asked("crop")[key]) for key, array in stack(requests).items())
    assert len({request.name for request in requests}) == MIN_REQUESTS
    for request in requests[:GOLDEN_CASES]:
        assert max(open_picture(request.inputs["IMAGE"].to_array()[0]).size) <= 200


@pytest.mark.parametrize("name", EDITS)
def test_pictures_of_every_odd_kind_are_asked_and_parameters_differ(name: str) -> None:
    inputs = asked(name)
    sizes = {open_picture(data).size for data in inputs["IMAGE"][:, 0].tolist()}
    assert {(1, 1), (37, 91), (2560, 1708)} <= sizes
    for key, array in inputs.items():
        assert len({row.tobytes() if key != "DIRECTION" else row[0] for row in array}) > 1, key


@pytest.mark.parametrize("name", EDITS)
def test_the_entry_names_the_operation_and_lets_every_parameter_be_left_out(name: str) -> None:
    model = operation(name).model
    config = model.entry().config
    parameters = string_parameters(config)
    assert (parameters["task"], parameters["operation"]) == ("image-to-image", name)
    assert config["backend"] == "image_edit"
    assert [(each["name"], each.get("optional", False)) for each in config["input"]] == [
        ("IMAGE", False),
        *((each.name, True) for each in EDITS[name].inputs),
    ]


@pytest.mark.parametrize("name", EDITS)
def test_the_sheet_is_small_and_shows_four_photographs(name: str) -> None:
    found = operation(name)
    assert found.sheet is not None
    sheet = found.sheet(Evaluation(found.model.in_process({}), {}))
    assert 300 < sheet.width <= 1000
    file = BytesIO()
    sheet.quantize(256).save(file, "PNG", optimize=True)
    assert len(file.getvalue()) < SHEET_BYTES

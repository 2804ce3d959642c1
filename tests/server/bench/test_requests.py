"""Which tensors are sent, and that perf_analyzer is given them as Triton reads them."""

import base64
import json
from typing import Any, cast

import numpy as np
import pytest
import tritonclient.utils as tritonutils
from numpy.typing import NDArray

from sightline_server.bench.requests import requests_of, size_bytes
from sightline_server.bench.service import Input
from sightline_server.golden import Case, GoldenTensor
from sightline_server.perf_analyzer_files import request_data

serialized: Any = cast("Any", tritonutils).serialize_byte_tensor

IMAGE = Input("IMAGE", is_text=True, is_optional=False)
CLASS_ID = Input("CLASS_ID", is_text=False, is_optional=False)
WIDTH = Input("WIDTH", is_text=False, is_optional=True)
SEED = Input("SEED", is_text=False, is_optional=False)


def text(*elements: bytes) -> NDArray[Any]:
    values = np.empty(len(elements), dtype=np.object_)
    values[:] = elements
    return values


def case(**inputs: NDArray[Any]) -> Case:
    tensors = tuple(
        GoldenTensor(name, "BYTES" if values.dtype == np.object_ else "INT32", values)
        for name, values in inputs.items()
    )
    return Case("a case", tensors, ())


def number(value: int) -> NDArray[np.int32]:
    return np.array([value], dtype=np.int32)


def test_golden_requests_are_sent_as_they_are() -> None:
    cases = [case(IMAGE=text(b"one"), CLASS_ID=number(3)), case(IMAGE=text(b"two"), CLASS_ID=number(-1))]
    sent = requests_of([IMAGE, CLASS_ID], cases, [])
    assert [(each["IMAGE"][0], each["CLASS_ID"][0]) for each in sent] == [(b"one", 3), (b"two", -1)]


def test_optional_inputs_are_left_out() -> None:
    (sent,) = requests_of([IMAGE, WIDTH], [case(IMAGE=text(b"one"), WIDTH=number(64))], [])
    assert list(sent) == ["IMAGE"]


def test_pictures_take_the_place_of_golden_ones() -> None:
    sent = requests_of([IMAGE, WIDTH], [case(IMAGE=text(b"golden"))], [b"a", b"b"])
    assert [each["IMAGE"].tolist() for each in sent] == [[b"a"], [b"b"]]


def test_pictures_need_no_golden_requests_where_nothing_else_is_needed() -> None:
    assert [list(each) for each in requests_of([IMAGE], [], [b"a"])] == [["IMAGE"]]
    assert requests_of([IMAGE, CLASS_ID], [], [b"a"]) == ()


def test_other_inputs_are_those_of_the_golden_requests_in_turn() -> None:
    cases = [case(IMAGE=text(b"one"), CLASS_ID=number(1)), case(IMAGE=text(b"two"), CLASS_ID=number(2))]
    sent = requests_of([IMAGE, CLASS_ID], cases, [b"a", b"b", b"c"])
    assert [(each["IMAGE"][0], each["CLASS_ID"][0]) for each in sent] == [(b"a", 1), (b"b", 2), (b"c", 1)]


def test_a_model_without_picture_is_sent_its_golden_requests() -> None:
    (sent,) = requests_of([SEED], [case(SEED=number(7))], [b"a"])
    assert sent["SEED"].tolist() == [7]


def test_a_golden_request_that_lacks_an_input_is_not_sent() -> None:
    assert requests_of([IMAGE, CLASS_ID], [case(IMAGE=text(b"one"))], []) == ()


def test_the_size_is_that_of_the_tensors() -> None:
    assert size_bytes({"IMAGE": text(b"12345", b"678"), "SEED": np.array([1, 2], dtype=np.int64)}) == 8 + 16


@pytest.mark.parametrize(
    "tensor",
    [
        np.array([3, -1], dtype=np.int64),
        np.array([[0.5, np.inf]], dtype=np.float32),
        np.array([1], dtype=">i4"),
        np.array([True]),
    ],
    ids=["int64", "infinite", "big-endian", "bool"],
)
def test_numbers_are_little_endian_bytes(tensor: NDArray[Any]) -> None:
    (sent,) = json.loads(request_data([{"X": tensor}]))["data"]
    raw = base64.b64decode(sent["X"]["b64"])
    same: NDArray[Any] = np.ndarray(sent["X"]["shape"], cast(Any, tensor.dtype.newbyteorder("<")), raw)
    assert np.array_equal(same, tensor)


def test_each_element_of_text_is_framed() -> None:
    tensor = text(b"one", b"three")
    (sent,) = json.loads(request_data([{"X": tensor}]))["data"]
    assert base64.b64decode(sent["X"]["b64"]) == serialized(tensor).item()
    assert sent["X"]["shape"] == [2]

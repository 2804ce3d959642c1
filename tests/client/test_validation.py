"""A request that does not fit the model is refused before it is sent, with the model's shape and what to change."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from client.canned import canned_server
from numpy.typing import NDArray
from serving import Service
from ways import client_over

import sightline
from sightline import Client, ModelInfo, TensorInfo
from sightline._validation import check_request, check_task, shown

NETWORK = ModelInfo(
    name="net",
    task=None,
    version=1,
    labels=(),
    inputs=(TensorInfo("PIXELS", "UINT8", (-1, 64, 48, 3)),),
    outputs=(TensorInfo("SCORES", "FP32", (-1, 10)), TensorInfo("FEATURES", "FP32", (-1, 7))),
    max_batch_size=32,
)
FLOATS = replace(NETWORK, inputs=(TensorInfo("X", "FP32", (-1, 3, -1, -1)),))
UNBATCHED = replace(NETWORK, inputs=(TensorInfo("X", "FP32", (3, 8, 8)),), max_batch_size=0)
TWO = replace(
    NETWORK,
    inputs=(TensorInfo("IMAGE", "BYTES", (-1, 1)), TensorInfo("CLASS_ID", "INT32", (-1, 1), is_optional=True)),
)
PIXELS = np.zeros((1, 64, 48, 3), np.uint8)
FILES = np.array([[b"x"], [b"y"]], dtype=object)

REFUSED: list[tuple[str, ModelInfo, dict[str, NDArray[Any]], str]] = [
    (
        "no batch axis",
        NETWORK,
        {"PIXELS": PIXELS[0]},
        "expected PIXELS UINT8 [batch up to 32, 64, 48, 3] for 'net', got UINT8 [64, 48, 3]; "
        "add the batch axis with array[np.newaxis]",
    ),
    (
        "dtype",
        NETWORK,
        {"PIXELS": PIXELS.astype(np.float64)},
        "got FP64 [1, 64, 48, 3]; convert it with array.astype('uint8')",
    ),
    (
        "dtype and batch axis",
        NETWORK,
        {"PIXELS": PIXELS[0].astype(np.int64)},
        "convert it with array.astype('uint8'), and add the batch axis with array[np.newaxis]",
    ),
    (
        "channels first",
        NETWORK,
        {"PIXELS": np.zeros((1, 3, 64, 48), np.uint8)},
        "move the channels with np.moveaxis(array, -3, -1)",
    ),
    (
        "channels last",
        FLOATS,
        {"X": np.zeros((1, 9, 8, 3), np.float32)},
        "expected X FP32 [batch up to 32, 3, any, any] for 'net', got FP32 [1, 9, 8, 3]; "
        "move the channels with np.moveaxis(array, -1, -3)",
    ),
    ("size", NETWORK, {"PIXELS": np.zeros((1, 32, 48, 3), np.uint8)}, "[1, 32, 48, 3]; reshape or resize it"),
    (
        "a batch where there is none",
        UNBATCHED,
        {"X": np.zeros((1, 3, 8, 8), np.float32)},
        "expected X FP32 [3, 8, 8] for 'net', got FP32 [1, 3, 8, 8]; send one at a time, array[0]",
    ),
    ("pixels for bytes", TWO, {"IMAGE": PIXELS}, "pass the bytes of each element, np.array([[data]], dtype=object)"),
    ("too large a batch", NETWORK, {"PIXELS": PIXELS.repeat(33, 0)}, "expected a batch of 1 to 32 for 'net', got 33"),
    ("an empty batch", NETWORK, {"PIXELS": PIXELS[:0]}, "expected a batch of 1 to 32 for 'net', got 0"),
    (
        "batches that differ",
        TWO,
        {"IMAGE": FILES, "CLASS_ID": np.zeros((1, 1), np.int32)},
        "expected one batch size for all inputs of 'net', got IMAGE 2, CLASS_ID 1",
    ),
    ("an unknown input", NETWORK, {"X": PIXELS}, "expected an input of 'net': PIXELS, got 'X'; correct the name"),
    (
        "a missing input",
        TWO,
        {"CLASS_ID": np.zeros((1, 1), np.int32)},
        "expected the inputs IMAGE BYTES [batch up to 32, 1], CLASS_ID INT32 [batch up to 32, 1] of 'net', "
        "got CLASS_ID; add IMAGE",
    ),
]


@pytest.mark.parametrize(("info", "tensors", "said"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_a_tensor_that_does_not_fit_is_refused(info: ModelInfo, tensors: dict[str, NDArray[Any]], said: str) -> None:
    with pytest.raises(sightline.InvalidRequest) as caught:
        check_request(info, None, tensors, None)
    assert said in str(caught.value)
    assert caught.value.model == "net"


@pytest.mark.parametrize(
    ("info", "tensors"),
    [
        (NETWORK, {"PIXELS": PIXELS.repeat(32, 0)}),
        (FLOATS, {"X": np.zeros((2, 3, 5, 9), np.float32)}),
        (UNBATCHED, {"X": np.zeros((3, 8, 8), np.float32)}),
        (TWO, {"IMAGE": FILES}),
        (TWO, {"IMAGE": FILES, "CLASS_ID": np.zeros((2, 1), np.int32)}),
    ],
)
def test_a_tensor_that_fits_passes(info: ModelInfo, tensors: dict[str, NDArray[Any]]) -> None:
    check_request(info, None, tensors, ["SCORES"])


def test_an_unknown_output_is_refused_with_the_known_ones() -> None:
    with pytest.raises(sightline.InvalidRequest, match="expected an output of 'net': SCORES, FEATURES, got 'SCORE'"):
        check_request(NETWORK, None, {"PIXELS": PIXELS}, ["SCORE"])


def test_a_model_without_a_task_may_be_asked_for_any() -> None:
    check_task(NETWORK, "object-detection")
    with pytest.raises(sightline.InvalidRequest, match="expected a model for object-detection, got 'net', which is"):
        check_task(replace(NETWORK, task="image-classification"), "object-detection")


def test_a_free_axis_is_shown_as_any() -> None:
    assert shown(FLOATS, FLOATS.inputs[0]) == "X FP32 [batch up to 32, 3, any, any]"
    assert shown(UNBATCHED, UNBATCHED.inputs[0]) == "X FP32 [3, 8, 8]"


@pytest.mark.parametrize("way", ["http", "async http"])
def test_nothing_is_sent_that_does_not_fit(way: str) -> None:
    with canned_server() as server, client_over(way, server.url, "", timeout=5) as client:
        with pytest.raises(sightline.InvalidRequest, match="add the batch axis"):
            client.infer("toy", {"X": np.zeros(1, np.float32)})
        assert server.seen == []
        client.infer("toy", {"X": np.zeros((1, 1), np.float32)})
        assert len(server.seen) == 1


def test_what_a_model_said_before_it_was_replaced_refuses_nothing(toys: Service) -> None:
    with Client(toys.http_url, timeout=20) as client:
        client.classify(b"xxx", model="toy")
        remembered = client._conversation._models  # pyright: ignore[reportPrivateUsage]
        described = remembered["toy"]
        for outdated in (
            replace(described, inputs=(TensorInfo("PICTURE", "UINT8", (-1, 5)),)),
            replace(described, task="object-detection"),
        ):
            remembered["toy"] = outdated
            assert client.classify(b"xxx", model="toy").label == "zero"
            assert remembered["toy"] == described
        # a version with other outputs was loaded since
        remembered["toy"] = replace(described, outputs=(TensorInfo("OLD", "FP32", (-1, 3)),))
        assert list(client.infer("toy", {"IMAGE": np.array([[b"xxx"]], dtype=object)})) == ["SCORES"]

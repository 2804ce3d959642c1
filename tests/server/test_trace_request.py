"""Requests and answers as bytes, held against NVIDIA's client."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import tritonclient.http as tritonhttp

from sightline_server.errors import RequestRefusedError
from sightline_server.tracing.client import Question, require_fitting
from sightline_server.tracing.request import (
    HEADER_LENGTH,
    Input,
    decode_response,
    encode_request,
    inputs_from_config,
)

client: Any = cast("Any", tritonhttp.InferenceServerClient)


def nvidia_body(inputs: list[tuple[str, str, Any]], request_id: str) -> tuple[bytes, int]:
    """What NVIDIA's client sends, and the length of its header."""
    wire: list[Any] = []
    for name, datatype, values in inputs:
        entry: Any = tritonhttp.InferInput(name, list(values.shape), datatype)
        entry.set_data_from_numpy(values, binary_data=True)
        wire.append(entry)
    body, length = client.generate_request_body(wire, request_id=request_id)
    return body, length


def test_a_request_is_framed_as_nvidias_client_frames_it() -> None:
    inputs = [Input("IMAGE", "BYTES", (1, 1)), Input("CLASS_ID", "INT32", (1, 1)), Input("PIXELS", "UINT8", (1, 2, 3))]
    body, headers = encode_request(inputs, b"a picture", "7")
    theirs, their_length = nvidia_body(
        [
            ("IMAGE", "BYTES", np.array([[b"a picture"]], np.object_)),
            ("CLASS_ID", "INT32", np.zeros((1, 1), np.int32)),
            ("PIXELS", "UINT8", np.zeros((1, 2, 3), np.uint8)),
        ],
        "7",
    )
    length = int(headers[HEADER_LENGTH])
    assert body[length:] == theirs[their_length:]
    header, their_header = json.loads(body[:length]), json.loads(theirs[:their_length])
    assert {key: header[key] for key in ("id", "inputs")} == {key: their_header[key] for key in ("id", "inputs")}


def test_an_answer_becomes_arrays() -> None:
    scores, files = np.array([[0.25, 0.75]], np.float32), [b"", b"two"]
    framed = b"".join(len(file).to_bytes(4, "little") + file for file in files)
    outputs = [
        {"name": "SCORES", "datatype": "FP32", "shape": [1, 2], "parameters": {"binary_data_size": 8}},
        {"name": "FILES", "datatype": "BYTES", "shape": [2, 1], "parameters": {"binary_data_size": len(framed)}},
    ]
    header = json.dumps({"outputs": outputs}).encode()
    answer = decode_response(header + scores.tobytes() + framed, len(header))
    np.testing.assert_array_equal(answer["SCORES"], scores)
    assert answer["FILES"].tolist() == [[b""], [b"two"]]


CONFIG = {
    "max_batch_size": 8,
    "input": [
        {"name": "IMAGE", "data_type": "TYPE_STRING", "dims": [1]},
        {"name": "DEGREES", "data_type": "TYPE_FP32", "dims": [1], "optional": True},
    ],
}


def test_what_a_model_takes_is_read_from_its_configuration() -> None:
    assert inputs_from_config(CONFIG) == (Input("IMAGE", "BYTES", (1, 1)),)
    assert inputs_from_config({**CONFIG, "max_batch_size": 0}) == (Input("IMAGE", "BYTES", (1,)),)


@pytest.mark.parametrize(
    ("tensor", "what"),
    [
        ({"name": "X", "data_type": "TYPE_UINT8", "dims": [-1, 3]}, r"X: expected a fixed shape, got \[1, -1, 3\]"),
        ({"name": "X", "data_type": "TYPE_BF16", "dims": [3]}, "X: expected one of .*, got BF16"),
    ],
)
def test_an_input_of_no_fixed_shape_or_type_is_refused(tensor: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        inputs_from_config({"max_batch_size": 8, "input": [tensor]})


IMAGE, SEED = Input("IMAGE", "BYTES", (1, 1)), Input("SEED", "INT64", (1, 1))


def test_a_picture_is_named_for_the_models_that_take_one_and_for_no_other() -> None:
    require_fitting(Question("cnn", Path("a.jpg")), [IMAGE, SEED])
    require_fitting(Question("gan"), [SEED])
    with pytest.raises(RequestRefusedError, match="cnn takes a picture, got none: name the file of one"):
        require_fitting(Question("cnn"), [IMAGE])
    with pytest.raises(RequestRefusedError, match=r"gan takes SEED and no picture: leave a\.jpg out"):
        require_fitting(Question("gan", Path("a.jpg")), [SEED])

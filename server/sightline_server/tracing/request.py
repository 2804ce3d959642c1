"""A request and its answer as bytes, in Triton's binary tensor extension of the KServe protocol over HTTP."""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline_server.control import TENSOR_TYPES

HEADER_LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Input:
    """An input that a model cannot do without: its datatype as in the protocol, and its shape with a batch axis of 1.

    Raises:
        ValueError: the size of an axis is left open, or the datatype is unknown.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.datatype not in TENSOR_TYPES:
            raise ValueError(f"{self.name}: expected one of {', '.join(TENSOR_TYPES)}, got {self.datatype}")
        if min(self.shape, default=1) < 1:
            raise ValueError(f"{self.name}: expected a fixed shape, got {list(self.shape)}")


def inputs_from_config(config: Mapping[str, Any]) -> tuple[Input, ...]:
    """The inputs of a model, optional ones left out, from its configuration as Triton gives it over HTTP.

    Raises:
        ValueError: as for :class:`Input`.
    """
    batch = (1,) if int(config.get("max_batch_size", 0)) else ()
    return tuple(
        Input(
            str(tensor["name"]),
            str(tensor["data_type"]).removeprefix("TYPE_").replace("STRING", "BYTES"),
            (*batch, *(int(side) for side in tensor["dims"])),
        )
        for tensor in config["input"]
        if not tensor.get("optional", False)
    )


def encode_request(inputs: Sequence[Input], picture: bytes, request_id: str) -> tuple[bytes, dict[str, str]]:
    """The body of a request and its headers: the picture for each BYTES input, zeros for each of the others.

    >>> body, headers = encode_request([Input("SEED", "INT64", (1, 1))], b"", "7")
    >>> body[int(headers["Inference-Header-Content-Length"]) :]
    b'\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'
    """
    tensors = [_element(tensor, picture) * math.prod(tensor.shape) for tensor in inputs]
    described = [
        {
            "name": tensor.name,
            "datatype": tensor.datatype,
            "shape": tensor.shape,
            "parameters": {"binary_data_size": len(content)},
        }
        for tensor, content in zip(inputs, tensors, strict=True)
    ]
    header = json.dumps(
        {"id": request_id, "inputs": described, "parameters": {"binary_data_output": True}}, separators=(",", ":")
    ).encode()
    return b"".join([header, *tensors]), {HEADER_LENGTH: str(len(header)), "Content-Type": "application/octet-stream"}


def decode_response(body: bytes, header_length: int) -> dict[str, NDArray[Any]]:
    """The outputs of an answer by name; BYTES as an object array.

    >>> decode_response(b'{"outputs":[{"name":"S","datatype":"UINT8","shape":[1,2],'
    ...     b'"parameters":{"binary_data_size":2}}]}' + b"\\3\\4", 93)["S"].tolist()
    [[3, 4]]
    """
    outputs: dict[str, NDArray[Any]] = {}
    start = header_length
    for tensor in json.loads(body[:header_length])["outputs"]:
        content = memoryview(body)[start : (start := start + tensor["parameters"]["binary_data_size"])]
        values = (
            np.array(_elements(content), np.object_)
            if tensor["datatype"] == "BYTES"
            else np.frombuffer(content, TENSOR_TYPES[tensor["datatype"]])
        )
        outputs[tensor["name"]] = values.reshape(tensor["shape"])
    return outputs


def _element(tensor: Input, picture: bytes) -> bytes:
    if tensor.datatype == "BYTES":
        return struct.pack("<I", len(picture)) + picture
    return bytes(np.dtype(TENSOR_TYPES[tensor.datatype]).itemsize)


def _elements(content: memoryview) -> list[bytes]:
    elements: list[bytes] = []
    start = 0
    while start < len(content):
        (length,) = struct.unpack_from("<I", content, start)
        elements.append(bytes(content[start + 4 : start + 4 + length]))
        start += 4 + length
    return elements

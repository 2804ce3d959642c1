"""Requests and answers of Triton's HTTP interface with tensors as bytes after a JSON head.

https://github.com/kserve/open-inference-protocol and Triton's extensions for binary tensors and for classification.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from benchmarks.serving.answer import TOP, Ranked, ranked
from benchmarks.serving.http_wire import Answer, post

_HEAD_LENGTH = "Inference-Header-Content-Length"


def bytes_element(data: bytes) -> bytes:
    """One element of a BYTES tensor."""
    return struct.pack("<I", len(data)) + data


def infer(
    model: str, name: str, datatype: str, shape: Sequence[int], data: bytes, outputs: Mapping[str, Mapping[str, Any]]
) -> bytes:
    """A request with one input. outputs: the parameters of each; all come as bytes."""
    tensor = {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(data)}}
    asked = [{"name": each, "parameters": {"binary_data": True, **wanted}} for each, wanted in outputs.items()]
    head = json.dumps({"inputs": [tensor], "outputs": asked}).encode()
    headers = {"Content-Type": "application/octet-stream", _HEAD_LENGTH: str(len(head))}
    return post(f"/v2/models/{model}/infer", head + data, headers)


def classify(model: str, picture: bytes) -> bytes:
    """A request for the best classes of a picture."""
    data = bytes_element(picture)
    return infer(model, "IMAGE", "BYTES", [1, 1], data, {"SCORES": {"classification": TOP}})


def classes(answer: Answer) -> Ranked:
    """The best classes, which Triton writes as `score:index:label`."""
    found = [element.decode().split(":", 2) for element in elements(tensors(answer)["SCORES"])]
    return tuple((label, float(score)) for score, _, label in found)


def best_scores(answer: Answer, labels: Sequence[str]) -> Ranked:
    """The best of the scores that a network gave."""
    return ranked(np.frombuffer(tensors(answer)["SCORES"], "<f4"), labels)


def tensors(answer: Answer) -> dict[str, bytes]:
    """The bytes of each output. Raises ValueError where the answer is not of this form."""
    length = int(answer.headers[_HEAD_LENGTH.lower()])
    found: dict[str, bytes] = {}
    at = length
    for output in json.loads(answer.body[:length])["outputs"]:
        size = int(output["parameters"]["binary_data_size"])
        found[str(output["name"])] = answer.body[at : at + size]
        at += size
    return found


def elements(data: bytes) -> list[bytes]:
    """The elements of a BYTES tensor."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found

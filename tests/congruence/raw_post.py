"""A picture sent without any client: its bytes are the whole body of one POST."""

import json
import urllib.request
from typing import Any

import numpy as np
from numpy.typing import NDArray


def post_picture(http_url: str, model: str, picture: bytes) -> NDArray[np.float32]:
    """Returns the SCORES that the model answers, (K,)."""
    request = urllib.request.Request(
        f"{http_url}/v2/models/{model}/infer",
        data=picture,
        headers={"Inference-Header-Content-Length": "0", "Content-Type": "application/octet-stream"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        header_length = int(response.headers["Inference-Header-Content-Length"])
        body: bytes = response.read()
    answer: dict[str, Any] = json.loads(body[:header_length])
    start = header_length
    for output in answer["outputs"]:
        size = int(output["parameters"]["binary_data_size"])
        if output["name"] == "SCORES":
            return np.frombuffer(body[start : start + size], np.float32)
        start += size
    raise AssertionError(f"{model} answered without SCORES: {answer}")

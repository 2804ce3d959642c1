"""The files of NVIDIA's perf_analyzer, as pure functions: the requests that it sends, the measurements that it writes.

Its figures are to be taken from the CSV of a run with time windows. With `--request-count` it divides by a window that
is longer than the run was; where its windows differ by more than `--stability-percentage` it writes no CSV at all, and
ends with 0 all the same.
"""

import base64
import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

LARGEST_BYTES = 0xFFFFFFFF


@dataclass(frozen=True)
class Measurement:
    """What perf_analyzer measured at one load; latencies in milliseconds."""

    load: float
    """Requests in flight, or requests per second where the rate was given."""
    throughput_per_s: float
    mean_ms: float | None
    """None where it was told to judge by a percentile: then it writes no mean."""
    percentiles_ms: Mapping[int, float]

    def __post_init__(self) -> None:
        if not self.throughput_per_s > 0:
            raise ValueError(f"expected answers in every measurement, got {self.throughput_per_s} per second")


def input_data(pictures: Iterable[bytes], *, tensor: str = "IMAGE") -> str:
    """The text of a file for `--input-data`: one request per picture, each an element of a BYTES tensor.

    Raises:
        ValueError: There is no picture, or one is empty or too large for the wire.
    """
    return request_data({tensor: np.array([picture], dtype=np.object_)} for picture in pictures)


def request_data(requests: Iterable[Mapping[str, NDArray[Any]]]) -> str:
    """The text of a file for `--input-data`: requests of any tensors, which perf_analyzer sends in turn.

    Args:
        requests: Input name -> tensor without its batch axis; one of dtype object holds the `bytes` of BYTES elements.
            An optional input may be missing.

    Raises:
        ValueError: There is no request, or a BYTES element is empty or too large for the wire.
    """
    data = [{name: written(tensor) for name, tensor in request.items()} for request in requests]
    if not data:
        raise ValueError("expected at least one picture, got none; name some")
    return json.dumps({"data": data})


def written(tensor: NDArray[Any]) -> dict[str, object]:
    if tensor.dtype == np.object_:
        raw = b"".join(framed(bytes(element)) for element in tensor.ravel())
    else:
        raw = tensor.astype(cast(Any, tensor.dtype.newbyteorder("<"))).tobytes()
    return {"b64": base64.b64encode(raw).decode("ascii"), "shape": list(tensor.shape)}


def framed(picture: bytes) -> bytes:
    """A BYTES element as Triton takes it: its length as 4 bytes, little-endian, then the element.

    Without the length the server takes the first bytes of the picture for it and refuses the request.
    """
    if not 0 < len(picture) <= LARGEST_BYTES:
        raise ValueError(f"expected a picture of 1 to {LARGEST_BYTES} bytes, got {len(picture)}; leave it out")
    return len(picture).to_bytes(4, "little") + picture


def read_measurements(text: str) -> tuple[Measurement, ...]:
    """The rows of the CSV that perf_analyzer writes with `-f`, from the least load to the greatest.

    It writes them from the slowest to the fastest, which is another order where more in flight bring no more answers.

    Raises:
        ValueError: It is not such a file, or holds no measurement.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows:
        raise ValueError(
            "expected a row per load, got none; perf_analyzer writes none where its windows differ too much"
        )
    try:
        return tuple(sorted(map(measurement, rows), key=lambda each: each.load))
    except KeyError as error:
        raise ValueError(
            f"expected a CSV of perf_analyzer --verbose-csv, got one without {error}; add the flag"
        ) from error


def measurement(row: Mapping[str, str | None]) -> Measurement:
    load = "Concurrency" if "Concurrency" in row else "Request Rate"
    percentiles = {
        int(name.split()[0][1:]): number(row, name) / 1000
        for name in row
        if name.startswith("p") and name.endswith(" latency")
    }
    value, throughput_per_s = number(row, load), number(row, "Inferences/Second")
    # a verbose CSV has no mean where perf_analyzer was told to judge by a percentile
    has_mean = "Avg latency" in row or "response wait" not in row
    mean_ms = number(row, "Avg latency") / 1000 if has_mean else None
    return Measurement(value, throughput_per_s, mean_ms, percentiles)


def number(row: Mapping[str, str | None], column: str) -> float:
    text = row[column] or ""  # a row that is cut off has None in its last columns
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"expected a number in column {column!r}, got {text!r}; measure again") from None

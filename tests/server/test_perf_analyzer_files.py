"""What perf_analyzer reads and writes."""

import base64
import json
from typing import Any, cast

import numpy as np
import pytest
import tritonclient.utils as tritonutils

from sightline_server.perf_analyzer_files import framed, input_data, read_measurements

serialized: Any = cast("Any", tritonutils).serialize_byte_tensor

# as perf_analyzer 2.51 wrote it
VERBOSE = """Concurrency,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,Server Compute Input,\
Server Compute Infer,Server Compute Output,Client Recv,p50 latency,p90 latency,p95 latency,p99 latency,Avg latency,\
request/response,response wait
1,332.148,5,442,2,42,2266,233,2,2914,3530,4061,4873,3010,8,2900
8,764.471,6,4034,2,103,5473,815,2,9711,13932,15747,19123,10438,8,10405
"""
RATE = """Request Rate,Inferences/Second,Client Send,p50 latency,p99 latency,Avg latency
100,99.7437,12,4719,5807,4701
"""
PERCENTILE = """Concurrency,Inferences/Second,p50 latency,p97 latency,request/response,response wait
4,6874.55,518,1062,31,543
"""
BRIEF = "Concurrency,Inferences/Second,Client Send,p50 latency\n1,332.148,5,2914\n"


@pytest.mark.parametrize("picture", [b"x", b"\xff\xd8 a picture", bytes(70_000)], ids=["one byte", "short", "long"])
def test_a_picture_is_framed_as_a_client_of_triton_frames_it(picture: bytes) -> None:
    assert framed(picture) == serialized(np.array([[picture]], np.object_)).item()


def test_each_picture_is_one_request() -> None:
    requests = json.loads(input_data([b"one", b"three"], tensor="PICTURE"))["data"]
    assert [base64.b64decode(request["PICTURE"]["b64"]) for request in requests] == [
        b"\3\0\0\0one",
        b"\5\0\0\0three",
    ]


@pytest.mark.parametrize("pictures", [[], [b""], [b"x", b""]], ids=["none", "empty", "one is empty"])
def test_what_cannot_be_sent_is_refused(pictures: list[bytes]) -> None:
    with pytest.raises(ValueError, match="expected"):
        input_data(pictures)


def test_each_row_is_a_measurement() -> None:
    one, eight = read_measurements(VERBOSE)
    assert (one.load, eight.load) == (1, 8)
    assert (eight.throughput_per_s, eight.mean_ms) == (764.471, 10.438)
    assert eight.percentiles_ms == {50: 9.711, 90: 13.932, 95: 15.747, 99: 19.123}


def test_loads_ascend_where_more_in_flight_were_slower() -> None:
    header, one, eight = VERBOSE.splitlines()
    slower = eight.replace("764.471", "321.5")
    assert [each.load for each in read_measurements("\n".join([header, slower, one]))] == [1, 8]


def test_a_rate_is_a_load_too() -> None:
    (measured,) = read_measurements(RATE)
    assert (measured.load, measured.throughput_per_s) == (100, 99.7437)
    assert measured.percentiles_ms == {50: 4.719, 99: 5.807}


def test_there_is_no_mean_where_it_was_told_a_percentile() -> None:
    (measured,) = read_measurements(PERCENTILE)
    assert (measured.mean_ms, measured.percentiles_ms) == (None, {50: 0.518, 97: 1.062})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "none where its windows differ"),
        (VERBOSE.splitlines()[0], "none where its windows differ"),
        (BRIEF, "without 'Avg latency'; add the flag"),
        ("a,b\n1,2\n", "without 'Request Rate'"),
        (RATE.replace("99.7437", "0"), "expected answers"),
        (RATE.replace("99.7437", "many"), "expected a number in column"),
        (RATE.replace(",4701", ""), "expected a number in column"),
    ],
    ids=["empty", "only a header", "not verbose", "another file", "no answers", "no number", "cut off"],
)
def test_a_file_without_measurements_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_measurements(text)

"""Answers are cut out of a stream wherever it is interrupted."""

import pytest
from benchmarks.serving.http_wire import WireError, answer_end, parsed, post

WITH_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n[1,2,3]"
IN_CHUNKS = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    b"3;note=x\r\n[1,\r\nA\r\n2,3,4,5,6]\r\n0\r\nTrailer: 1\r\n\r\n"
)
EMPTY_CHUNKS = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [WITH_LENGTH, IN_CHUNKS, EMPTY_CHUNKS], ids=["length", "chunks", "empty chunks"])
def test_the_end_is_known_once_all_bytes_are_there(answer: bytes) -> None:
    assert all(answer_end(answer[:length]) is None for length in range(len(answer)))
    assert answer_end(answer) == len(answer)
    assert answer_end(bytearray(answer + WITH_LENGTH)) == len(answer)


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [(WITH_LENGTH, 200, b"[1,2,3]"), (IN_CHUNKS, 200, b"[1,2,3,4,5,6]"), (EMPTY_CHUNKS, 503, b"")],
    ids=["length", "chunks", "empty chunks"],
)
def test_status_headers_and_body(answer: bytes, status: int, body: bytes) -> None:
    found = parsed(answer)
    assert (found.status, found.body) == (status, body)
    assert {"content-length", "transfer-encoding"} & set(found.headers)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
    ids=["until the end of the connection", "no size of a chunk"],
)
def test_an_answer_without_a_known_end_is_refused(answer: bytes) -> None:
    with pytest.raises(WireError, match="expected"):
        answer_end(answer)


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(WireError, match="status line"):
        parsed(b"220 smtp.example.org\r\n\r\n")


def test_a_request_says_how_long_it_is() -> None:
    head, _, body = post("/predict", b"\xff\xd8", {"Content-Type": "image/jpeg"}).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert body == b"\xff\xd8"
    assert lines[0] == b"POST /predict HTTP/1.1"
    assert {b"Content-Length: 2", b"Content-Type: image/jpeg"} <= set(lines)

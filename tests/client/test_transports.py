"""The tables from foreign faults to our errors, and the HTTP transport on the wire against answers of every kind."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import numpy as np
import pytest
import urllib3.exceptions as wire

import sightline
from sightline import Client, SightlineError
from sightline._transports import faults
from sightline._transports import grpc as grpc_transport
from sightline._transports import http as http_transport


class Canned(ThreadingHTTPServer):
    """Answers every request with `status` and `body`, and keeps what it was sent."""

    daemon_threads = True
    status = 200
    body = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CannedHandler)
        self.seen: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class CannedHandler(BaseHTTPRequestHandler):
    server: Canned  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def canned() -> Iterator[Canned]:
    with Canned() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def infer(client: Client) -> None:
    client.infer("toy", {"X": np.zeros((1, 1), np.float32)})


def test_the_table_of_urllib3_is_complete_and_puts_a_subclass_before_its_base() -> None:
    table = [theirs for theirs, _ in http_transport._EXCEPTIONS]  # pyright: ignore[reportPrivateUsage]
    assert table[-1] is wire.HTTPError
    for place, each in enumerate(table):
        assert not any(issubclass(later, each) for later in table[place + 1 :])


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (wire.ConnectTimeoutError(), sightline.RequestTimeout),
        (wire.ReadTimeoutError(None, "", ""), sightline.RequestTimeout),  # pyright: ignore[reportArgumentType]
        (wire.NameResolutionError("h", None, OSError("no such host")), sightline.ConnectionFailed),  # pyright: ignore[reportArgumentType]
        (wire.SSLError("bad certificate"), sightline.ConnectionFailed),
        (wire.ProtocolError("reset"), sightline.ConnectionFailed),
    ],
)
def test_exceptions_of_urllib3_become_ours(foreign: wire.HTTPError, ours: type[SightlineError]) -> None:
    assert type(http_transport._translate(foreign, "http://h:1", "toy", 1.0)) is ours  # pyright: ignore[reportPrivateUsage]


def test_every_code_of_grpc_has_a_class_of_ours() -> None:
    codes = grpc_transport._CODES  # pyright: ignore[reportPrivateUsage]
    assert set(codes) == {code.name for code in grpc.StatusCode} - {"OK"}


@pytest.mark.parametrize(
    ("status", "text", "ours"),
    [
        (400, "unexpected inference input 'X'", sightline.InvalidRequest),
        (400, "Model version not ready", sightline.ModelNotReady),
        (401, None, sightline.InvalidRequest),
        (403, "This API is restricted, expecting header 'k'", sightline.InvalidRequest),
        (404, "Request for unknown model: 'toy' is not found", sightline.ModelNotFound),
        (404, "Not Found", sightline.ConnectionFailed),
        (404, None, sightline.ConnectionFailed),
        (408, None, sightline.RequestTimeout),
        (413, None, sightline.InvalidRequest),
        (418, None, sightline.InvalidRequest),
        (429, None, sightline.ModelNotReady),
        (500, "onnx runtime error 1", sightline.InferenceFailed),
        (500, "Stub process 'toy_0_0' is not healthy.", sightline.ModelNotReady),
        (501, "not supported", sightline.InvalidRequest),
        (502, None, sightline.ConnectionFailed),
        (503, "Exceeds maximum queue size", sightline.ModelNotReady),
        (504, None, sightline.RequestTimeout),
        (507, None, sightline.InferenceFailed),
        (302, None, sightline.InvalidRequest),
    ],
)
def test_every_http_status_becomes_an_error_of_ours(
    canned: Canned, status: int, text: str | None, ours: type[SightlineError]
) -> None:
    canned.status = status
    canned.body = b"<html>" if text is None else json.dumps({"error": text}).encode()
    with Client(canned.url, timeout=5) as client, pytest.raises(SightlineError) as caught:
        infer(client)
    assert type(caught.value) is ours
    assert (caught.value.model, caught.value.status) == ("toy", str(status))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"model_version": "1", "outputs": [{}]}', b"\xff\xfe"]
)
def test_an_answer_of_something_else_than_triton_is_an_error_of_ours(canned: Canned, body: bytes) -> None:
    canned.body = body
    with Client(canned.url, timeout=5) as client:
        with pytest.raises(sightline.InferenceFailed, match="Triton's form"):
            client.classify(b"x")
        if body != b"{}":
            with pytest.raises(sightline.InferenceFailed, match="Triton's form"):
                infer(client)


def test_requests_carry_the_callers_headers_and_never_the_content_type_of_forms(canned: Canned) -> None:
    headers = {"X-Key": "secret"}
    canned.status = 503
    with Client(f"{canned.url}/prefix/", timeout=5, headers=headers) as client:
        with pytest.raises(sightline.ModelNotReady):
            client.infer("a/../b c", {"X": np.zeros((1, 1), np.float32)})
        assert not client.is_ready()
    assert headers == {"X-Key": "secret"}
    (post_path, posted), (ready_path, got) = canned.seen
    assert post_path == "/prefix/v2/models/a%2F..%2Fb%20c/infer"
    assert ready_path == "/prefix/v2/health/ready"
    assert posted["x-key"] == got["x-key"] == "secret"
    assert posted["content-type"] == "application/octet-stream"
    assert "content-type" not in got


def test_the_deadline_covers_a_call_of_several_requests(canned: Canned) -> None:
    from sightline._deadline import Deadline

    assert Deadline(None).remaining_s() is None
    assert 0 < (Deadline(60).remaining_s() or 0) <= 60
    with pytest.raises(sightline.RequestTimeout, match="within 1e-09 s"):
        Deadline(1e-9).remaining_s()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("in ensemble 'cnn', not a picture; send one.", "not a picture; send one"),
        ("in ensemble 'cnn', [request id: <id_unknown>] Exceeds maximum queue size", "Exceeds maximum queue size"),
        (
            "Failed, message: RuntimeError: boom\n\nAt:\n  /srv/model.py(8): execute\n",
            "Failed, message: RuntimeError: boom",
        ),
        ("two\nlines", "two lines"),
        ("x" * 600, "x" * 500 + "…"),
    ],
)
def test_reasons_are_one_short_line_without_names_of_steps_and_paths(text: str, reason: str) -> None:
    assert faults.clean_reason(text) == reason

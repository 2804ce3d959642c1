"""The tables from foreign faults to our errors, and the HTTP transport on the wire against answers of every kind."""

import asyncio
import http.client
import json
import socket
import ssl
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import grpc
import numpy as np
import pytest
from client.canned import Canned, CannedServer, canned_server
from ways import client_over

import sightline
from sightline import Client, SightlineError
from sightline._transports import faults, grpc_wire, http_aio
from sightline._transports import http as http_transport

HTTP_WAYS = ("http", "async http")


@pytest.fixture
def canned() -> Iterator[CannedServer]:
    with canned_server() as server:
        yield server


@contextmanager
def asking(way: str, server: CannedServer, **options: Any) -> Generator[Client]:
    with client_over(way, server.url, "", **{"timeout": 5, "retries": 0, **options}) as client:
        yield client


def infer(client: Client) -> None:
    client.infer("toy", {"X": np.zeros((1, 1), np.float32)})


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (TimeoutError("timed out"), sightline.RequestTimeout),
        (socket.gaierror(-2, "Name or service not known"), sightline.ConnectionFailed),
        (ssl.SSLCertVerificationError("bad certificate"), sightline.ConnectionFailed),
        (http.client.RemoteDisconnected("closed"), sightline.ConnectionFailed),
        (http.client.BadStatusLine("x"), sightline.ConnectionFailed),
        (http.client.IncompleteRead(b""), sightline.ConnectionFailed),
        (ConnectionRefusedError(111, "Connection refused"), sightline.ConnectionFailed),
    ],
)
def test_exceptions_of_the_standard_library_become_ours(foreign: Any, ours: type[SightlineError]) -> None:
    error = http_transport.translate(foreign, "http://h:1", "toy", 1.0)
    assert type(error) is ours
    assert error.is_safe_to_repeat is isinstance(foreign, ConnectionRefusedError)


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (asyncio.TimeoutError(), sightline.RequestTimeout),
        (aiohttp.ServerTimeoutError(), sightline.RequestTimeout),
        (aiohttp.ConnectionTimeoutError(), sightline.RequestTimeout),
        (aiohttp.ServerDisconnectedError(), sightline.ConnectionFailed),
        (aiohttp.ClientPayloadError("cut off"), sightline.ConnectionFailed),
        (ConnectionResetError("reset"), sightline.ConnectionFailed),
    ],
)
def test_exceptions_of_aiohttp_become_ours(foreign: Any, ours: type[SightlineError]) -> None:
    assert type(http_aio.translate(foreign, "http://h:1", "toy", 1.0)) is ours


def test_every_code_of_grpc_has_a_class_of_ours() -> None:
    codes = grpc_wire._CODES  # pyright: ignore[reportPrivateUsage]
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
@pytest.mark.parametrize("way", HTTP_WAYS)
def test_every_http_status_becomes_an_error_of_ours(
    canned: CannedServer, way: str, status: int, text: str | None, ours: type[SightlineError]
) -> None:
    canned.answer = Canned(status, b"<html>" if text is None else json.dumps({"error": text}).encode())
    with asking(way, canned) as client, pytest.raises(SightlineError) as caught:
        infer(client)
    assert type(caught.value) is ours
    assert (caught.value.model, caught.value.status) == ("toy", str(status))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("way", HTTP_WAYS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"model_version": "1", "outputs": [{}]}',
        b'{"model_version": "1", "outputs": [{"name": "Y", "datatype": "FP32", "shape": [3], "data": [1]}]}',
        b'{"model_version": "1", "outputs": [{"name": "Y", "datatype": "FP3", "shape": [1], "data": [1]}]}',
        b'{"model_version": "1", "outputs": [{"name": "Y", "datatype": "FP32", "shape": [1], '
        b'"parameters": {"binary_data_size": 4}}]}',
        b"\xff\xfe",
    ],
)
def test_an_answer_of_something_else_than_triton_is_an_error_of_ours(
    canned: CannedServer, way: str, body: bytes
) -> None:
    canned.answer = Canned(200, body)
    with asking(way, canned) as client:
        with pytest.raises(sightline.InferenceFailed, match="Triton's form"):
            infer(client)
        canned.describes_models = False
        with pytest.raises(sightline.InferenceFailed, match="Triton's form"):
            client.classify(b"x")


@pytest.mark.parametrize("way", HTTP_WAYS)
def test_requests_carry_the_callers_headers_and_never_the_content_type_of_forms(canned: CannedServer, way: str) -> None:
    headers = {"X-Key": "secret"}
    canned.answer = Canned(503)
    with client_over(way, f"{canned.url}/prefix/", "", timeout=5, retries=0, headers=headers, api_key="k") as client:
        with pytest.raises(sightline.ModelNotReady):
            client.infer("a/../b c", {"X": np.zeros((1, 1), np.float32)})
        assert not client.is_ready()
    assert headers == {"X-Key": "secret"}
    (post_path, posted, _), (ready_path, got, _) = canned.seen
    assert post_path == "/prefix/v2/models/a%2F..%2Fb%20c/infer"
    assert ready_path == "/prefix/v2/health/ready"
    assert posted["x-key"] == got["x-key"] == "secret"
    assert posted["authorization"] == got["authorization"] == "Bearer k"
    assert posted["content-type"] == "application/octet-stream"
    assert "content-type" not in got


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


def test_a_connection_is_kept_and_one_that_the_server_ended_is_opened_anew(canned: CannedServer) -> None:
    with Client(canned.url, timeout=5, retries=0) as client:
        infer(client)
        infer(client)
        assert canned.connections == 1
        canned.answer = replace(canned.answer, headers={"Connection": "close"})
        infer(client)
        infer(client)
        assert canned.connections == 2


def test_a_refusal_that_comes_before_all_is_sent_is_read(canned: CannedServer) -> None:
    canned.reads_bodies = False
    canned.answer = Canned(413, b'{"error": "too large"}', {"Connection": "close"})
    with Client(canned.url, timeout=20, retries=0) as client:
        big = np.zeros((1, 8_000_000), np.float32)
        with pytest.raises(sightline.InvalidRequest, match="too large"):
            client.infer("toy", {"X": big})


def test_all_addresses_of_a_host_share_one_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{number}", 1)) for number in (2, 3, 4)]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[0])
        time.sleep(timeout)  # as an address does from which nothing comes back
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with Client("http://host.test:1", timeout=0.2, retries=0) as client, pytest.raises(sightline.RequestTimeout):
        infer(client)
    assert tried == ["127.0.0.2"]


def test_the_next_address_of_a_host_is_tried_where_one_refuses(
    monkeypatch: pytest.MonkeyPatch, canned: CannedServer
) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (1, canned.server_port)]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        sock = socket.socket()
        sock.settimeout(timeout)
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        return sock

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)  # it would resolve the address once more
    with Client("http://host.test:1", timeout=5, retries=0) as client:
        infer(client)

from typing import Any

import pytest

from sightline import Client, InvalidRequest
from sightline._url import parse_url


@pytest.mark.parametrize(
    ("url", "shown", "is_grpc", "is_encrypted"),
    [
        ("http://localhost", "http://localhost:8000", False, False),
        ("https://Host.Example/", "https://host.example:8000", False, True),
        ("grpc://localhost", "grpc://localhost:8001", True, False),
        ("grpcs://10.0.0.1:443", "grpcs://10.0.0.1:443", True, True),
        ("HTTP://[::1]:9000", "http://[::1]:9000", False, False),
        ("https://host/triton/", "https://host:8000/triton", False, True),
        ("http://host/über uns/%20", "http://host:8000/%C3%BCber%20uns/%20", False, False),
    ],
)
def test_the_scheme_chooses_protocol_and_port(url: str, shown: str, is_grpc: bool, is_encrypted: bool) -> None:
    endpoint = parse_url(url)
    assert (str(endpoint), endpoint.is_grpc, endpoint.is_encrypted) == (shown, is_grpc, is_encrypted)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000",
        "ftp://host",
        "http://",
        "http://host:port",
        "http://host:99999",
        "http://h?x=1",
        "grpc://h/p",
        f"http://{'a' * 64}",
        "http://a..b",
        "http://a b",
    ],
)
def test_an_unusable_url_is_refused_with_the_accepted_forms(url: str) -> None:
    with pytest.raises(InvalidRequest, match=r"expected http://HOST\[:8000\], .* grpcs://HOST\[:8001\], got"):
        Client(url)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidRequest, match="headers=") as caught:
        Client("http://user:hunter2@host")
    assert "hunter2" not in str(caught.value)


def test_without_a_url_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_URL", "grpc://from.the.environment")
    assert str(parse_url(None)) == "grpc://from.the.environment:8001"
    monkeypatch.delenv("SIGHTLINE_URL")
    assert str(parse_url(None)) == "http://localhost:8000"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"X-Key": "a\r\nHost: b"}, "got 'X-Key'"),
        ({"bad name": "a"}, "got 'bad name'"),
        ({"X-Key": "ключ"}, "printable ASCII"),
        ({"content-type": "application/x-www-form-urlencoded"}, "which the client sets"),
        ({"X-Id-Bin": "a"}, "gRPC keeps for bytes"),
        ({"X": 5}, "got 'X' as int"),
    ],
)
def test_headers_that_would_break_a_request_are_refused(headers: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        Client(headers=headers)

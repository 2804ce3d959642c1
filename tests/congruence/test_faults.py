"""The same fault raises the same class over each protocol, and never a foreign one."""

from collections.abc import Callable
from urllib.parse import unquote

import numpy as np
import pytest
from serving import Service

import sightline
from sightline import Client, SightlineError

PROTOCOLS = ("http", "grpc")
PICTURE = b"xxx"
IMAGE = np.array([[PICTURE]], dtype=object)

ASKED: list[tuple[str, Callable[[Client], object], type[SightlineError]]] = [
    ("unknown model", lambda c: c.classify(PICTURE, model="nope"), sightline.ModelNotFound),
    ("unknown model, raw", lambda c: c.infer("nope", {"IMAGE": IMAGE}), sightline.ModelNotFound),
    ("model with a path", lambda c: c.infer("../toy", {"IMAGE": IMAGE}), sightline.ModelNotFound),
    ("bad picture", lambda c: c.classify(b"INVALID_ARG", model="toy"), sightline.InvalidRequest),
    ("unsupported", lambda c: c.classify(b"UNSUPPORTED", model="toy"), sightline.InvalidRequest),
    ("unknown", lambda c: c.classify(b"UNKNOWN", model="toy"), sightline.InvalidRequest),
    ("unavailable", lambda c: c.classify(b"UNAVAILABLE", model="toy"), sightline.ModelNotReady),
    ("internal", lambda c: c.classify(b"INTERNAL", model="toy"), sightline.InferenceFailed),
    ("the model raises", lambda c: c.classify(b"raise", model="toy"), sightline.InferenceFailed),
    ("empty bytes", lambda c: c.classify(b"", model="toy"), sightline.ImageError),
    ("another task", lambda c: c.generate(seed=1, model="toy"), sightline.InvalidRequest),
    ("not an answer of the task", lambda c: c.classify(b"nan", model="toy"), sightline.InferenceFailed),
    ("unknown input", lambda c: c.infer("toy", {"X": IMAGE}), sightline.InvalidRequest),
    ("unknown output", lambda c: c.infer("toy", {"IMAGE": IMAGE}, outputs=["X"]), sightline.InvalidRequest),
    ("wrong dtype", lambda c: c.infer("toy", {"IMAGE": np.zeros((1, 1))}), sightline.InvalidRequest),
    ("wrong shape", lambda c: c.infer("toy", {"IMAGE": IMAGE[0]}), sightline.InvalidRequest),
    ("too large a batch", lambda c: c.infer("toy", {"IMAGE": IMAGE.repeat(9, 0)}), sightline.InvalidRequest),
    ("one input too many", lambda c: c.infer("toy", {"IMAGE": IMAGE, "X": IMAGE}), sightline.InvalidRequest),
]


@pytest.mark.parametrize(("ask", "kind"), [each[1:] for each in ASKED], ids=[each[0] for each in ASKED])
def test_a_refusal_is_the_same_class_with_the_same_reason(
    toys: Service, ask: Callable[[Client], object], kind: type[SightlineError]
) -> None:
    errors: list[SightlineError] = []
    for url in (toys.http_url, toys.grpc_url):
        with Client(url, timeout=20) as client, pytest.raises(SightlineError) as caught:
            ask(client)
        errors.append(caught.value)
        # what follows still works
        with Client(url, timeout=20) as client:
            assert client.classify(PICTURE, model="toy").label == "zero"
    assert [type(error) for error in errors] == [kind, kind]
    assert errors[0].model == errors[1].model
    http_text, grpc_text = (
        unquote(str(error).replace(url, "URL"))
        for error, url in zip(errors, (toys.http_url, toys.grpc_url), strict=True)
    )
    assert http_text == grpc_text


def classified_at(address: str, scheme: str, timeout: float = 10) -> SightlineError:
    with Client(f"{scheme}://{address}", timeout=timeout) as client, pytest.raises(SightlineError) as caught:
        client.infer("toy", {"IMAGE": IMAGE})
    assert not Client(f"{scheme}://{address}", timeout=timeout).is_ready()
    return caught.value


@pytest.mark.parametrize("scheme", [*PROTOCOLS, "https", "grpcs"])
def test_nobody_listening_is_a_failed_connection(scheme: str) -> None:
    error = classified_at("127.0.0.1:1", scheme)
    assert type(error) is sightline.ConnectionFailed
    assert error.status is None


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_a_host_without_an_address_is_a_failed_connection(scheme: str) -> None:
    assert type(classified_at("no-such-host.invalid", scheme)) is sightline.ConnectionFailed


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_a_silent_server_is_a_timeout(silent: str, scheme: str) -> None:
    error = classified_at(silent, scheme, timeout=0.5)
    assert type(error) is sightline.RequestTimeout
    assert f"no answer from {scheme}://{silent} within 0.5 s" in str(error)


def test_a_server_that_drips_its_answer_is_a_timeout_too(dripping: str) -> None:
    with Client(f"http://{dripping}", timeout=0.5) as client, pytest.raises(sightline.RequestTimeout):
        client.infer("toy", {"IMAGE": IMAGE})


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_a_model_that_takes_too_long_is_a_timeout_and_the_server_goes_on(toys: Service, scheme: str) -> None:
    url = toys.http_url if scheme == "http" else toys.grpc_url
    with Client(url, timeout=0.5) as client, pytest.raises(sightline.RequestTimeout) as caught:
        client.classify(b"sleep 1.2", model="toy")
    assert caught.value.model == "toy"
    with Client(url, timeout=20) as client:
        assert client.classify(PICTURE, model="toy").label == "zero"


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_a_connection_lost_during_a_request_is_a_failed_connection(hanging_up: str, scheme: str) -> None:
    assert type(classified_at(hanging_up, scheme)) is sightline.ConnectionFailed


@pytest.mark.parametrize("scheme", ["https", "grpcs"])
def test_a_server_without_encryption_is_a_failed_connection_for_a_client_with(toys: Service, scheme: str) -> None:
    url = toys.http_url if scheme == "https" else toys.grpc_url
    assert type(classified_at(url.partition("://")[2], scheme)) is sightline.ConnectionFailed


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_the_port_of_the_other_protocol_is_a_failed_connection(toys: Service, scheme: str) -> None:
    url = toys.grpc_url if scheme == "http" else toys.http_url
    assert type(classified_at(url.partition("://")[2], scheme)) is sightline.ConnectionFailed

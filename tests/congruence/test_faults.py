"""The same fault raises the same class over each of the four ways to a server, and never a foreign one."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import numpy as np
import pytest
from client.toy_repository import write_toy_repository
from congruence.loading import LOAD_S, control, write_slow_repository
from serving import Service, launch, stop
from tls import make_authority, tls_proxy
from ways import WAYS, client_over

import sightline
from sightline import Client, SightlineError

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
    ("no picture", lambda c: c.classify(cast(bytes, None), model="toy"), sightline.ImageError),
    ("another task", lambda c: c.generate(seed=1, model="toy"), sightline.InvalidRequest),
    ("not an answer of the task", lambda c: c.classify(b"nan", model="toy"), sightline.InferenceFailed),
    ("unknown input", lambda c: c.infer("toy", {"X": IMAGE}), sightline.InvalidRequest),
    ("unknown output", lambda c: c.infer("toy", {"IMAGE": IMAGE}, outputs=["X"]), sightline.InvalidRequest),
    ("wrong dtype", lambda c: c.infer("toy", {"IMAGE": np.zeros((1, 1))}), sightline.InvalidRequest),
    ("wrong shape", lambda c: c.infer("toy", {"IMAGE": IMAGE[0]}), sightline.InvalidRequest),
    ("too large a batch", lambda c: c.infer("toy", {"IMAGE": IMAGE.repeat(9, 0)}), sightline.InvalidRequest),
    ("a name that cannot be written", lambda c: c.classify(PICTURE, model="\udc80"), sightline.InvalidRequest),
    ("no outputs", lambda c: c.infer("toy", {"IMAGE": IMAGE}, outputs=[]), sightline.InvalidRequest),
    ("outputs as text", lambda c: c.infer("toy", {"IMAGE": IMAGE}, outputs="SCORES"), sightline.InvalidRequest),
    ("a scalar", lambda c: c.infer("toy", {"IMAGE": np.array(1.0)}), sightline.InvalidRequest),
    ("an empty batch", lambda c: c.infer("toy", {"IMAGE": IMAGE[:0]}), sightline.InvalidRequest),
    ("one input too many", lambda c: c.infer("toy", {"IMAGE": IMAGE, "X": IMAGE}), sightline.InvalidRequest),
]


@pytest.mark.parametrize(("ask", "kind"), [each[1:] for each in ASKED], ids=[each[0] for each in ASKED])
def test_a_refusal_is_the_same_class_with_the_same_reason(
    toys: Service, ask: Callable[[Client], object], kind: type[SightlineError]
) -> None:
    errors: list[SightlineError] = []
    for way in WAYS:
        with client_over(way, toys.http_url, toys.grpc_url, timeout=20, retries=0) as client:
            with pytest.raises(SightlineError) as caught:
                ask(client)
            errors.append(caught.value)
            # what follows still works
            assert client.classify(PICTURE, model="toy").label == "zero"
    assert [type(error) for error in errors] == [kind] * len(WAYS)
    assert len({error.model for error in errors}) == 1
    texts = {unquote(str(error).replace(toys.http_url, "URL").replace(toys.grpc_url, "URL")) for error in errors}
    assert len(texts) == 1


def error_over(way: str, http_url: str, grpc_url: str, *, timeout: float = 10, **options: Any) -> SightlineError:
    """What a raw inference raises."""
    with client_over(way, http_url, grpc_url, timeout=timeout, retries=0, **options) as client:
        with pytest.raises(SightlineError) as caught:
            client.infer("toy", {"IMAGE": IMAGE})
        assert not client.is_ready()
    return caught.value


def error_at(way: str, address: str, timeout: float = 10, *, encrypted: bool = False) -> SightlineError:
    end = "s" if encrypted else ""
    return error_over(way, f"http{end}://{address}", f"grpc{end}://{address}", timeout=timeout)


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_nobody_listening_is_a_failed_connection(way: str, encrypted: bool) -> None:
    error = error_at(way, "127.0.0.1:1", encrypted=encrypted)
    assert type(error) is sightline.ConnectionFailed
    assert error.status is None
    assert error.is_safe_to_repeat


@pytest.mark.parametrize("way", WAYS)
def test_a_host_without_an_address_is_a_failed_connection(way: str) -> None:
    assert type(error_at(way, "no-such-host.invalid")) is sightline.ConnectionFailed


@pytest.mark.parametrize("way", WAYS)
def test_a_silent_server_is_a_timeout(silent: str, way: str) -> None:
    error = error_at(way, silent, timeout=0.5)
    assert type(error) is sightline.RequestTimeout
    assert f"{silent} within 0.5 s" in str(error)
    assert not error.is_safe_to_repeat


@pytest.mark.parametrize("way", [way for way in WAYS if way.endswith("http")])
@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_its_answer_is_a_timeout_too(dripping: Callable[[str], str], way: str, part: str) -> None:
    assert type(error_at(way, dripping(part), timeout=0.5)) is sightline.RequestTimeout


@pytest.mark.parametrize("way", WAYS)
def test_a_model_that_takes_too_long_is_a_timeout_and_the_server_goes_on(toys: Service, way: str) -> None:
    with client_over(way, toys.http_url, toys.grpc_url, timeout=0.5) as client:
        with pytest.raises(sightline.RequestTimeout) as caught:
            client.classify(b"sleep 1.2", model="toy")
        assert caught.value.model == "toy"
    with client_over(way, toys.http_url, toys.grpc_url, timeout=20) as client:
        assert client.classify(PICTURE, model="toy").label == "zero"


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_lost_during_a_request_is_a_failed_connection(hanging_up: str, way: str) -> None:
    error = error_at(way, hanging_up)
    assert type(error) is sightline.ConnectionFailed
    assert not error.is_safe_to_repeat


@pytest.mark.parametrize("way", WAYS)
def test_the_port_of_the_other_protocol_is_a_failed_connection(toys: Service, way: str) -> None:
    http_url = toys.grpc_url.replace("grpc", "http")
    grpc_url = toys.http_url.replace("http", "grpc")
    assert type(error_over(way, http_url, grpc_url)) is sightline.ConnectionFailed


@pytest.mark.parametrize("way", WAYS)
def test_a_server_without_encryption_is_a_failed_connection_for_a_client_with(toys: Service, way: str) -> None:
    urls = [url.replace("://", "s://") for url in (toys.http_url, toys.grpc_url)]
    assert type(error_over(way, *urls)) is sightline.ConnectionFailed


@pytest.mark.parametrize("way", WAYS)
def test_certificates_decide_who_is_answered(toys: Service, tmp_path: Path, way: str) -> None:
    ours = make_authority(tmp_path)
    with ExitStack() as stack:
        urls: list[str] = []
        for url in (toys.http_url, toys.grpc_url):
            scheme, _, target = url.partition("://")
            proxy = stack.enter_context(tls_proxy(target, authority=ours, require_client_certificate=True))
            urls.append(f"{scheme}s://{proxy}")
        shown = {"certificate_file": ours.client_certificate_file, "key_file": ours.client_key_file}
        with client_over(way, *urls, timeout=20, ca_file=ours.ca_file, **shown) as client:
            assert client.classify(PICTURE, model="toy").label == "zero"
        both = tmp_path / "both.pem"
        both.write_text(ours.client_certificate_file.read_text() + ours.client_key_file.read_text())
        with client_over(way, *urls, timeout=20, ca_file=ours.ca_file, certificate_file=both) as client:
            both.unlink()  # it was read once already
            assert client.classify(PICTURE, model="toy").label == "zero"
        for trusted in (None, ours.untrusted_ca_file):
            error = error_over(way, *urls, ca_file=trusted, **shown)
            assert type(error) is sightline.ConnectionFailed
        assert type(error_over(way, *urls, ca_file=ours.ca_file)) is sightline.ConnectionFailed


@pytest.mark.parametrize("way", WAYS)
def test_a_full_queue_is_a_model_that_is_not_ready_and_the_others_are_answered(toys: Service, way: str) -> None:
    with client_over(way, toys.http_url, toys.grpc_url, timeout=20, retries=0) as client:

        def ask(_: int) -> str | SightlineError:
            try:
                return client.classify(b"sleep 0.05", model="toy").label
            except SightlineError as exc:
                return exc

        # 16 wait and at most one batch of 8 is being answered, so some of 40 find the queue full
        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(ask, range(40)))
    errors = [answer for answer in answers if isinstance(answer, SightlineError)]
    assert {type(error) for error in errors} == {sightline.ModelNotReady}
    assert all(error.is_safe_to_repeat for error in errors)
    assert {answer for answer in answers if isinstance(answer, str)} == {"zero"}


def test_a_model_that_is_loading_is_not_ready(tmp_path: Path) -> None:
    service = launch(write_slow_repository(tmp_path / "slow"))
    try:
        with ExitStack() as stack:
            clients = [
                stack.enter_context(client_over(way, service.http_url, service.grpc_url, timeout=20, retries=0))
                for way in WAYS
            ]
            for client in clients:
                assert client.is_ready("slow")
            control(service, "slow", "unload")
            loading = threading.Thread(target=control, args=(service, "slow", "load"))
            loading.start()
            time.sleep(LOAD_S / 4)
            for client in clients:
                with pytest.raises(sightline.ModelNotReady, match=r"'slow' .* is not ready"):
                    client.infer("slow", {"IMAGE": IMAGE})
                assert not client.is_ready("slow")
                assert [model.name for model in client.models()] == []
            loading.join()
            for client in clients:
                while not client.is_ready("slow"):
                    time.sleep(0.1)
                assert client.infer("slow", {"IMAGE": IMAGE})["SCORES"].shape == (1, 3)
    finally:
        stop(service)
        shutil.rmtree(service.directory)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Service]:
    """A service of the toys that a test may kill."""
    service = launch(write_toy_repository(tmp_path / "toys"))
    yield service
    stop(service)
    shutil.rmtree(service.directory)


def test_a_server_killed_during_a_request_is_a_failed_connection(mortal: Service) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(client_over(way, mortal.http_url, mortal.grpc_url, timeout=20)) for way in WAYS]
        for client in clients:
            assert client.classify(PICTURE, model="toy").label == "zero"

        def ask(client: Client) -> SightlineError:
            with pytest.raises(SightlineError) as caught:
                client.classify(b"sleep 3", model="toy")
            return caught.value

        with ThreadPoolExecutor(len(clients)) as pool:
            asked = [pool.submit(ask, client) for client in clients]
            time.sleep(0.7)
            os.kill(mortal.pid, signal.SIGKILL)
            errors = [each.result() for each in asked]
        assert [type(error) for error in errors] == [sightline.ConnectionFailed] * len(WAYS)
        # it may have been done: it was not sent again
        assert not any(error.is_safe_to_repeat for error in errors)
        for client in clients:
            client.wait_until_ready(timeout=30)
            assert client.classify(PICTURE, model="toy").label == "zero"

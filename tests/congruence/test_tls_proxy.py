"""The TLS proxy of the tests lets both protocols through to a real tritonserver, and only those who may."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
import urllib3
from serving import Service
from tls import Authority, make_authority, tls_proxy
from tritonclient.grpc import service_pb2, service_pb2_grpc

protocol_buffers: Any = service_pb2
stubs: Any = service_pb2_grpc

Ask = Callable[[str, Path, "tuple[Path, Path] | None"], bool]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


def ask_over_https(address: str, ca_file: Path, certificate: tuple[Path, Path] | None) -> bool:
    """Whether the toy model is ready; raises `urllib3.exceptions.HTTPError` where no connection comes about."""
    context = ssl.create_default_context(cafile=ca_file)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    with urllib3.PoolManager(ssl_context=context, retries=False, timeout=10) as pool:
        return pool.request("GET", f"https://{address}/v2/models/toy/ready").status == 200


def ask_over_grpcs(address: str, ca_file: Path, certificate: tuple[Path, Path] | None) -> bool:
    """Whether the toy model is ready; raises `grpc.RpcError` where no connection comes about."""
    chain, key = (file.read_bytes() for file in certificate) if certificate else (None, None)
    credentials = grpc.ssl_channel_credentials(ca_file.read_bytes(), key, chain)
    with grpc.secure_channel(address, credentials) as channel:
        request = protocol_buffers.ModelReadyRequest(name="toy")
        return stubs.GRPCInferenceServiceStub(channel).ModelReady(request, timeout=10).ready


PROTOCOLS = pytest.mark.parametrize(("scheme", "ask"), [("http", ask_over_https), ("grpc", ask_over_grpcs)])


def target(toys: Service, scheme: str) -> str:
    return urlsplit(toys.http_url if scheme == "http" else toys.grpc_url).netloc


@PROTOCOLS
def test_both_protocols_come_through(toys: Service, authority: Authority, scheme: str, ask: Ask) -> None:
    with tls_proxy(target(toys, scheme), authority=authority) as address:
        assert ask(address, authority.ca_file, None)
        assert ask(address.replace("127.0.0.1", "localhost"), authority.ca_file, None)


@PROTOCOLS
def test_an_authority_that_did_not_sign_is_not_trusted(
    toys: Service, authority: Authority, scheme: str, ask: Ask
) -> None:
    with (
        tls_proxy(target(toys, scheme), authority=authority) as address,
        pytest.raises((urllib3.exceptions.SSLError, grpc.RpcError)),
    ):
        ask(address, authority.untrusted_ca_file, None)


@PROTOCOLS
def test_a_client_certificate_may_be_required(toys: Service, authority: Authority, scheme: str, ask: Ask) -> None:
    own = (authority.client_certificate_file, authority.client_key_file)
    with tls_proxy(target(toys, scheme), authority=authority, require_client_certificate=True) as address:
        assert ask(address, authority.ca_file, own)
        with pytest.raises((urllib3.exceptions.HTTPError, grpc.RpcError)):
            ask(address, authority.ca_file, None)


def connected(address: str, authority: Authority, offered: str) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=authority.ca_file)
    context.set_alpn_protocols([offered])
    host, _, port = address.rpartition(":")
    plain = socket.create_connection((host, int(port)), timeout=10)
    return context.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)


@pytest.mark.parametrize("offered", ["h2", "http/1.1"])
def test_the_protocol_that_a_client_offers_is_agreed_upon(toys: Service, authority: Authority, offered: str) -> None:
    with (
        tls_proxy(target(toys, "http"), authority=authority) as address,
        connected(address, authority, offered) as connection,
    ):
        assert connection.selected_alpn_protocol() == offered


def test_connections_that_are_open_at_the_end_are_cut(toys: Service, authority: Authority) -> None:
    with tls_proxy(target(toys, "http"), authority=authority) as address:
        connection = connected(address, authority, "http/1.1")
    with connection, pytest.raises((ssl.SSLEOFError, ConnectionError)):
        connection.recv(1)

"""Regions of clients: refused by default, and used by a real tritonserver when they are allowed."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import tritonclient.grpc as tritongrpc
import tritonclient.http as tritonhttp
import tritonclient.utils as tritonutils
from click.testing import CliRunner
from serving import Serve
from tritonclient.utils import InferenceServerException, shared_memory

from sightline_server.cli import serve as serve_command

region_functions: Any = shared_memory
serialized: Any = cast("Any", tritonutils).serialize_byte_tensor

TEXT = b"five!"


@pytest.fixture(params=["http", "grpc"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


def connected(protocol: str, serve: Serve, repository: Path, *options: str) -> Any:
    service = serve(repository, *options)
    module: Any = {"http": tritonhttp, "grpc": tritongrpc}[protocol]
    url = service.http_url if protocol == "http" else service.grpc_url
    return module.InferenceServerClient(url.partition("://")[2])


def length_through_a_region(client: Any, module: Any) -> int:
    encoded = serialized(np.array([[TEXT]], np.object_)).item()
    region = region_functions.create_shared_memory_region("text", "/sightline-test-text", len(encoded))
    try:
        region_functions.set_shared_memory_region(region, [np.frombuffer(encoded, np.uint8)])
        client.register_system_shared_memory("text", "/sightline-test-text", len(encoded))
        try:
            tensor = module.InferInput("TEXT", [1, 1], "BYTES")
            tensor.set_shared_memory("text", len(encoded))
            return int(client.infer("length", [tensor]).as_numpy("LENGTH").item())
        finally:
            client.unregister_system_shared_memory("text")
    finally:
        region_functions.destroy_shared_memory_region(region)


def test_a_region_is_refused_by_default(protocol: str, serve: Serve, shared_length_repository: Path) -> None:
    client = connected(protocol, serve, shared_length_repository)
    for use in (client.get_system_shared_memory_status, client.get_cuda_shared_memory_status):
        with pytest.raises(InferenceServerException, match="restricted"):
            use()
    client.close()


def test_a_region_is_used_when_that_is_allowed(protocol: str, serve: Serve, shared_length_repository: Path) -> None:
    client = connected(protocol, serve, shared_length_repository, "--allow-shared-memory")
    module: Any = {"http": tritonhttp, "grpc": tritongrpc}[protocol]
    assert length_through_a_region(client, module) == len(TEXT)
    with pytest.raises(InferenceServerException, match="restricted"):
        client.get_model_repository_index()
    client.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104
def test_regions_are_not_allowed_where_other_machines_can_ask(length_repository: Path, host: str) -> None:
    ports = ("--http-port", "0", "--grpc-port", "0", "--metrics-port", "0")
    arguments = ["--model-repository", str(length_repository), "--host", host, "--allow-shared-memory", *ports]
    result = CliRunner().invoke(serve_command, arguments)
    assert result.exit_code == 2
    assert "--allow-shared-memory needs an address that only this machine reaches" in result.stderr
    assert f"got --host {host}" in result.stderr

from dataclasses import replace
from pathlib import Path

import pytest

from sightline_server.command_line import (
    Ports,
    Wanted,
    flags_in_help,
    is_loopback,
    tritonserver_command,
    tritonserver_environment,
    url_host,
)

HELP = """Usage: tritonserver [options]
  --help
\tPrint usage
  --model-repository <string>
  --allow-vertex-ai <boolean>
\t--not-a-flag because it is indented as text is
"""
WANTED = Wanted(
    tritonserver=Path("/t/bin/tritonserver"),
    repository=Path("/r"),
    backend_directory=Path("/b"),
    models=("cnn", "gan"),
    host="127.0.0.1",
    ports=Ports(1, 2, 3),
    control_key="secret",
    region_prefix="triton_x_",
)


def test_the_server_is_bound_to_the_host_on_all_three_ports() -> None:
    command = tritonserver_command(WANTED, frozenset())
    for name, port in (("http", 1), ("grpc", 2), ("metrics", 3)):
        assert f"--{name}-address=127.0.0.1" in command
        assert f"--{name}-port={port}" in command


def test_each_top_level_model_is_loaded_by_name() -> None:
    command = tritonserver_command(WANTED, frozenset())
    assert [argument for argument in command if argument.startswith("--load-model")] == [
        "--load-model=cnn",
        "--load-model=gan",
    ]
    assert "--model-control-mode=explicit" in command


@pytest.mark.parametrize("group", ["model-repository", "logging", "trace", "shared-memory"])
@pytest.mark.parametrize("flag", ["--http-restricted-api", "--grpc-restricted-protocol"])
def test_interfaces_that_change_the_server_need_the_key(flag: str, group: str) -> None:
    (argument,) = (text for text in tritonserver_command(WANTED, frozenset()) if text.startswith(flag))
    groups, _, key = argument.removeprefix(f"{flag}=").partition(":")
    assert group in groups.split(",")
    assert key == "sightline-control=secret"


def test_shared_memory_can_be_opened_to_clients_and_nothing_else_with_it() -> None:
    command = tritonserver_command(replace(WANTED, allow_shared_memory=True), frozenset({"--allow-client-shm"}))
    assert "--http-restricted-api=model-repository,logging,trace:sightline-control=secret" in command
    assert "--grpc-restricted-protocol=model-repository,logging,trace:sightline-control=secret" in command
    assert "--allow-client-shm=true" in command


@pytest.mark.parametrize("allowed", [True, False])
def test_the_flag_for_shared_memory_is_given_only_to_a_binary_that_knows_it(allowed: bool) -> None:
    wanted = replace(WANTED, allow_shared_memory=allowed)
    given = f"--allow-client-shm={'true' if allowed else 'false'}"
    assert given in tritonserver_command(wanted, frozenset({"--allow-client-shm"}))
    assert not any("client-shm" in argument for argument in tritonserver_command(wanted, frozenset()))


def test_flags_of_some_releases_are_given_only_to_a_binary_that_knows_them() -> None:
    assert "--allow-vertex-ai=false" not in tritonserver_command(WANTED, frozenset())
    command = tritonserver_command(WANTED, flags_in_help(HELP))
    assert "--allow-vertex-ai=false" in command
    assert "--allow-sagemaker=false" not in command


def test_flags_are_read_from_the_help_text() -> None:
    assert flags_in_help(HELP) == {"--help", "--model-repository", "--allow-vertex-ai"}


def test_the_interpreter_of_the_runtime_comes_first_on_the_path() -> None:
    environment = tritonserver_environment({"PATH": "/usr/bin", "PYTHONPATH": "/mine"}, Path("/rt/bin/python"))
    assert environment["PATH"] == "/rt/bin:/usr/bin"
    assert "PYTHONPATH" not in environment
    assert "LD_LIBRARY_PATH" not in environment


def test_own_memory_and_thread_settings_of_the_user_win() -> None:
    environment = tritonserver_environment({"OMP_NUM_THREADS": "4"}, None)
    assert environment["OMP_NUM_THREADS"] == "4"
    assert environment["MALLOC_MMAP_THRESHOLD_"] == str(256 * 1024 * 1024)


def test_library_folders_are_searched_before_inherited_ones() -> None:
    environment = tritonserver_environment({"LD_LIBRARY_PATH": "/old"}, None, [Path("/new")])
    assert environment["LD_LIBRARY_PATH"] == "/new:/old"


@pytest.mark.parametrize("ports", [(70000, 1, 2), (-1, 1, 2), (8000, 8000, 8002)], ids=["high", "negative", "equal"])
def test_impossible_ports_are_refused(ports: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="port"):
        Ports(*ports)


def test_several_ports_may_be_left_to_chance() -> None:
    assert Ports(0, 0, 0).by_flag() == {"--http-port": 0, "--grpc-port": 0, "--metrics-port": 0}


@pytest.mark.parametrize(
    ("host", "loopback", "in_url"),
    [
        ("127.0.0.1", True, "127.0.0.1"),
        ("127.1.2.3", True, "127.1.2.3"),
        ("::1", True, "[::1]"),
        ("0.0.0.0", False, "127.0.0.1"),  # noqa: S104
        ("192.168.1.5", False, "192.168.1.5"),
    ],
)
def test_hosts(host: str, loopback: bool, in_url: str) -> None:
    assert (is_loopback(host), url_host(host)) == (loopback, in_url)

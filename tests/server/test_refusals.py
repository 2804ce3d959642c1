"""What the commands refuse before they start anything: one clear line and a documented exit code."""

import inspect
import re
import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from sightline_server import errors
from sightline_server.cli import doctor, serve

FREE_PORTS = ("--http-port", "0", "--grpc-port", "0", "--metrics-port", "0")


def invoke(command: click.Command, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.mark.parametrize("flag", ["--http-port", "--grpc-port", "--metrics-port"])
def test_a_port_in_use_is_named_with_its_flag(length_repository: Path, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = invoke(serve, "--model-repository", length_repository, *FREE_PORTS, flag, port)
    assert result.exit_code == 11
    assert f"port {port} cannot be used: Address already in use (choose another with {flag}" in result.stderr
    assert result.stdout == ""


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    result = invoke(serve, "--model-repository", tmp_path, *FREE_PORTS)
    assert result.exit_code == 12
    assert result.stderr.startswith(f"Error: {tmp_path} is not a model repository: expected")


def test_an_unknown_model_is_refused_with_the_nearest_name(length_repository: Path) -> None:
    result = invoke(serve, "--model-repository", length_repository, "--models", "lenght", *FREE_PORTS)
    assert result.exit_code == 6
    assert "no model 'lenght'. Did you mean 'length'?" in result.stderr


def test_a_model_that_is_not_built_names_the_command_that_builds_it(length_repository: Path) -> None:
    (length_repository / "length_step" / "1").rename(length_repository / "length_step" / "old")
    result = invoke(serve, "--model-repository", length_repository, "--models", "length", *FREE_PORTS)
    assert result.exit_code == 7
    assert "length needs length_step, which has no version folder yet: run `sightline export length`" in result.stderr


def test_a_runtime_that_is_not_one_is_refused(length_repository: Path, tmp_path: Path) -> None:
    result = invoke(serve, "--model-repository", length_repository, *FREE_PORTS, "--runtime", tmp_path / "none")
    assert result.exit_code == 10
    assert "sightline install-runtime" in result.stderr


@pytest.mark.parametrize("ports", [FREE_PORTS, ()], ids=["free ports", "default ports"])
def test_a_host_of_another_machine_is_refused(length_repository: Path, ports: tuple[str, ...]) -> None:
    result = invoke(serve, "--model-repository", length_repository, *ports, "--host", "192.0.2.1")
    assert result.exit_code == 10
    assert "expected an address of this machine" in result.stderr
    assert "choose another" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--http-port", "70000"),
        ("--http-port", "9000", "--grpc-port", "9000"),
        ("--models", " , "),
        ("--ready-file", "/none/x"),
    ],
    ids=["no such port", "one port twice", "no models", "no such folder"],
)
def test_options_that_make_no_sense_are_usage_errors(length_repository: Path, arguments: tuple[str, ...]) -> None:
    assert invoke(serve, "--model-repository", length_repository, *arguments).exit_code == 2


def test_doctor_ends_with_0_and_a_table_when_nothing_is_missing(length_repository: Path) -> None:
    result = invoke(doctor, "--model-repository", length_repository, *FREE_PORTS)
    assert result.exit_code == 0, result.output
    for check in ("model repository", "tritonserver", "C library", "Python process", "numpy", "open files", "backends"):
        assert re.search(rf"^{check} +ok ", result.stdout, re.MULTILINE), check


def test_doctor_can_leave_out_the_repository_and_the_ports(tmp_path: Path) -> None:
    with_repository = invoke(doctor, "--model-repository", tmp_path, *FREE_PORTS)
    machine_only = invoke(doctor, "--model-repository", tmp_path, *FREE_PORTS, "--machine-only")
    assert (with_repository.exit_code, machine_only.exit_code) == (10, 0)
    assert "model repository" not in machine_only.stdout


def test_doctor_ends_with_10_and_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = invoke(doctor, "--model-repository", tmp_path, *FREE_PORTS, "--grpc-port", port)
    assert result.exit_code == 10
    assert re.search(r"^model repository +FAILED +.*is not a model repository", result.stdout, re.MULTILINE)
    assert re.search(r"^--grpc-port +FAILED +.*choose another with --grpc-port", result.stdout, re.MULTILINE)
    assert "2 of" in result.stderr


def test_every_error_is_in_the_drawn_tree_with_its_exit_code() -> None:
    drawn = {name: int(code) for name, code in re.findall(r"(\w+Error) +(\d+)", errors.__doc__ or "")}
    defined = {
        name: kind.exit_code
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.SightlineServerError)
    }
    assert drawn == defined

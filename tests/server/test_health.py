"""`sightline probe`: what a health check from outside finds."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from serving import Serve

from sightline_server import health
from sightline_server.cli import probe
from sightline_server.probe import Outcome, Probe


def asked(url: str, repository: Path, *options: str) -> Result:
    return CliRunner().invoke(probe, [f"--url={url}", f"--model-repository={repository}", *options])


def test_a_server_that_answers_as_at_export_time_is_healthy(serve: Serve, length_repository: Path) -> None:
    result = asked(serve(length_repository).grpc_url, length_repository)
    assert (result.exit_code, result.stdout) == (0, "length version 1: ok\n")


def test_another_answer_than_at_export_time_is_ill(
    serve: Serve, shared_length_repository: Path, wrong_golden_repository: Path
) -> None:
    result = asked(serve(shared_length_repository).grpc_url, wrong_golden_repository)
    assert result.exit_code == 7
    assert "Expected every model to give its golden answer, got length version 1: wrong answer" in result.stderr


def test_nobody_listening_is_said_with_what_to_do(length_repository: Path) -> None:
    result = asked("grpc://127.0.0.1:1", length_repository, "--timeout", "2")
    assert result.exit_code == 4
    assert "nobody answers there; start it with `sightline serve`" in result.stderr


def test_a_newer_version_on_disk_that_is_not_served_yet_is_not_asked_for(serve: Serve, length_repository: Path) -> None:
    url = serve(length_repository).grpc_url
    shutil.copytree(length_repository / "length" / "1", length_repository / "length" / "2")
    result = asked(url, length_repository)
    assert (result.exit_code, result.stdout) == (0, "length version 1: ok\n")


def test_a_model_that_is_not_served_is_left_out_unless_it_is_named(serve: Serve, length_repository: Path) -> None:
    url = serve(length_repository).grpc_url
    shutil.copytree(length_repository / "length", length_repository / "other")
    assert asked(url, length_repository).exit_code == 0
    named = asked(url, length_repository, "--models", "length,other")
    assert named.exit_code == 7
    assert "other version 1: not ready (the server does not serve it)" in named.stderr


def test_a_repository_without_golden_answers_proves_nothing(serve: Serve, length_repository: Path) -> None:
    url = serve(length_repository).grpc_url
    (length_repository / "length" / "1" / "golden" / "golden.json").unlink()
    result = asked(url, length_repository)
    assert result.exit_code == 7
    assert "Expected at least one served model with golden answers" in result.stderr


def test_a_model_that_is_busy_with_others_is_healthy() -> None:
    health.require_healthy((health.Health("cnn", 1, Probe(Outcome.BUSY)),), "grpc://localhost:8001")


@pytest.mark.parametrize("url", ["http://localhost:8000", "localhost:8001", "grpc://"])
def test_an_address_that_is_not_grpc_is_refused(url: str, length_repository: Path) -> None:
    result = asked(url, length_repository)
    assert result.exit_code == 2
    assert "expected an address like grpc://localhost:8001" in result.stderr

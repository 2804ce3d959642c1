"""`sightline verify`, and what a failed verification leaves behind."""

import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from export.quick import make_quick_recipe
from onnx import numpy_helper
from serving import Service

from sightline_export.cli.verify import show, verify
from sightline_export.errors import ServiceUnusable, VerificationFailed
from sightline_export.repository.golden import stack
from sightline_export.repository.published import read_published
from sightline_export.runtimes import onnx_runtime
from sightline_export.verification.check import check_graph, check_served
from sightline_export.verification.parity import Parity
from sightline_export.verification.service import connected, started
from sightline_export.verification.truth import Truth, find_truth


def run(*arguments: str) -> Result:
    return CliRunner().invoke(verify, arguments)


def spoil(graph: Path) -> None:
    """Move one bias of the last layer, as if the file were another training's."""
    model = onnx.load(graph)
    initializers = cast(Any, model.graph.initializer)
    (bias,) = (tensor for tensor in initializers if list(tensor.dims) == [10])
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.eye(10, dtype=np.float32)[3], bias.name))
    onnx.save(model, graph)


def copied(repository: Path, folder: Path) -> Path:
    return Path(shutil.copytree(repository, folder / "model_repository"))


def run_as_printed(message: str, *more: str) -> subprocess.CompletedProcess[str]:
    """The command at the end of `message`, run where it was printed."""
    program, *arguments = shlex.split(message.partition("See it again with: ")[2])
    assert program == "python"
    return subprocess.run([sys.executable, *arguments, *more], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def spoiled(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository whose graph gives other answers; without golden answers, so that it can be served."""
    repository = Path(shutil.copytree(exported, tmp_path_factory.mktemp("spoiled") / "model_repository"))
    spoil(repository / "quick_network" / "1" / "model.onnx")
    shutil.rmtree(repository / "quick" / "1" / "golden")
    return repository


@pytest.fixture(scope="module")
def truth(exported: Path) -> Truth:
    """Real requests with the answers of the healthy graph."""
    return find_truth(make_quick_recipe().spec, onnx_runtime(exported / "quick_network" / "1" / "model.onnx"))


def test_a_published_version_is_verified_in_process_and_by_a_server_of_its_own(exported: Path) -> None:
    result = run("quick", "--repository", str(exported))
    assert result.exit_code == 0, result.stderr
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [(row[0].split()[0], row[2], row[5]) for row in rows] == [
        (runtime, batch, "ok") for runtime in ("ONNX", "Triton") for batch in ("1", "2", "3", "32")
    ]


def test_the_recorded_pictures_are_of_many_kinds(exported: Path) -> None:
    cases, folder = read_published(exported, "quick").cases()
    assert folder.name == "verification"
    kinds = {case.name.split("-")[2] for case in cases if case.name.startswith("odd-")}
    assert kinds >= {
        "jpeg",
        "png",
        "exif",
        "grey",
        "alpha",
        "cmyk",
        "palette",
        "webp",
        "16bit",
        "large",
        "odd",
        "pixel",
    }


def test_a_running_server_can_be_asked(service: Service) -> None:
    result = run("cnn", "--url", service.grpc_url)
    assert result.exit_code == 0, result.stderr


def test_a_graph_that_was_changed_is_found(spoiled: Path) -> None:
    result = run("quick", "--repository", str(spoiled), "--no-serve")
    assert result.exit_code == 14
    assert "DIFFERS" in result.stdout
    assert "expected the answers of the export, got another SCORES of ONNX Runtime at batch 1" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["nope"], 6, "expected nope in"),
        (["quick", "--version", "9"], 6, "expected quick version 9 in"),
        (["quick_network"], 12, "name the ensemble"),
        (["quick", "--url", "localhost:8001"], 2, "expected an address like grpc://localhost:8001"),
    ],
)
def test_mistakes_get_one_line_and_an_exit_code(
    arguments: list[str], exit_code: int, message: str, exported: Path
) -> None:
    result = run(*arguments, "--repository", str(exported))
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr


def test_nobody_at_the_address_is_said(exported: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    result = run("quick", "--repository", str(exported), "--url", f"grpc://127.0.0.1:{port}")
    assert result.exit_code == 4
    assert "from a tritonserver at grpc://127.0.0.1" in result.stderr


def test_a_difference_in_onnx_runtime_leaves_a_script_that_shows_it(
    truth: Truth, spoiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("my reproducers", "quick")
    with pytest.raises(VerificationFailed, match=r"output SCORES of ONNX Runtime differs from PyTorch") as failed:
        check_graph(truth, spoiled / "quick_network" / "1" / "model.onnx", folder)
    done = run_as_printed(str(failed.value))
    assert done.returncode == 1, done.stderr
    assert "SCORES at index" in done.stdout
    assert "allowed is" in done.stdout


def test_a_difference_in_triton_leaves_a_repository_and_a_script_that_shows_it(
    truth: Truth, spoiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("reproducers", "quick")
    with started(spoiled, ["quick"]) as service:
        with pytest.raises(VerificationFailed, match=r"output SCORES of Triton 2\.\d+\.\d+ differs") as failed:
            check_served(truth, service, spoiled, folder)
        address = service.connection.url.removeprefix("grpc://")
        done = run_as_printed(str(failed.value), address)
    assert done.returncode == 1, done.stderr
    assert "SCORES at index" in done.stdout
    assert (folder / "repository" / "quick" / "config.pbtxt").is_file()


def test_a_script_that_can_not_be_written_hides_no_difference(truth: Truth, spoiled: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VerificationFailed, match=r"output SCORES of ONNX Runtime .* could not be written"):
        check_graph(truth, spoiled / "quick_network" / "1" / "model.onnx", tmp_path / "file" / "quick")


def test_an_older_version_is_not_asked_of_a_server_which_would_answer_with_the_newest(
    exported: Path, tmp_path: Path
) -> None:
    repository = copied(exported, tmp_path)
    for name in ("quick", "quick_network"):
        shutil.copytree(repository / name / "1", repository / name / "2")
    spoil(repository / "quick_network" / "2" / "model.onnx")
    for more in ((), ("--url", "grpc://127.0.0.1:1")):
        refused = run("quick", "--version", "1", "--repository", str(repository), *more)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "got version 1 of quick, whose newest is 2" in refused.stderr
        assert refused.stderr.splitlines()[-1].endswith("add --no-serve")
    assert run("quick", "--version", "1", "--repository", str(repository), "--no-serve").exit_code == 0
    assert run("quick", "--version", "2", "--repository", str(repository), "--no-serve").exit_code == 14


@pytest.mark.parametrize("name", ["[v2] out", "x[/bold]", "nets.py:a", ":smile:"])
def test_the_table_shows_names_as_they_are(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    show([Parity(name, 1, 0.0, 1.0, f"[red]{name}")])
    assert f" [red]{name} " in (shown := capsys.readouterr().out)
    assert f"│ {name} " in shown


def test_a_model_that_triton_cannot_load_is_a_failed_verification(exported: Path, tmp_path: Path) -> None:
    repository = Path(shutil.copytree(exported, tmp_path / "model_repository"))
    (repository / "quick_network" / "1" / "model.onnx").write_bytes(b"not a graph")
    refused = pytest.raises(VerificationFailed, match=r"expected tritonserver to serve the model, got: .*quick_network")
    with refused, started(repository, ["quick"]):
        pass


def test_a_refused_request_is_a_failed_verification(service: Service) -> None:
    with (
        connected(service.grpc_url) as server,
        pytest.raises(VerificationFailed, match="expected an answer from Triton"),
    ):
        server.runtime("cnn", [])({"IMAGE": np.array([[b"no picture"]], dtype=np.object_)})


def test_an_address_without_a_server_is_unusable() -> None:
    with (
        connected("grpc://127.0.0.1:1") as server,
        pytest.raises(ServiceUnusable, match="start one with `sightline serve`"),
    ):
        server.name()


def test_the_truth_covers_the_largest_batch_and_every_odd_kind(truth: Truth) -> None:
    assert len(truth.requests) == 32
    assert stack(truth.requests)["IMAGE"].shape == (32, 1)
    assert truth.answers["SCORES"].shape == (32, 10)

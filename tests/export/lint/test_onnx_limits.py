"""Which ONNX files are too new depends on the ONNX Runtime that will open them."""

import sys
from pathlib import Path

import onnxruntime
import pytest
from export.lint.edits import graph
from export.lint.graphs import identity, save
from export.lint.linting import changed
from export.lint.served import NEVER, served

from sightline_export.lint import Machine, Report, machine, this_machine
from sightline_export.lint.onnx_limits import PORTABLE_IR_VERSION, PORTABLE_OPSET, OnnxLimits, limits_of


def opens(path: Path, ir_version: int, opset: int) -> bool:
    """Whether the ONNX Runtime of this process does."""
    save(identity(["batch", 2], ir_version=ir_version, opset=opset), path)
    try:
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception:
        return False
    return True


def report_of(ir_version: int, opset: int, limits: OnnxLimits | None, folder: Path) -> Report:
    """What lint says of a file of these versions, for a server with these limits."""
    change = graph("bare_vectors/1/model.onnx", lambda: identity(["batch", 2], ir_version=ir_version, opset=opset))
    return changed("bare", change, folder, Machine(onnx_limits=lambda: limits))


def test_an_onnx_runtime_is_asked_what_it_opens(tmp_path: Path) -> None:
    limits = limits_of(Path(sys.executable))
    assert limits is not None
    assert limits.release == onnxruntime.__version__
    assert opens(tmp_path / "newest.onnx", limits.ir_version, limits.opset)
    assert not opens(tmp_path / "ir.onnx", limits.ir_version + 1, limits.opset)
    assert not opens(tmp_path / "opset.onnx", limits.ir_version, limits.opset + 1)


@pytest.mark.parametrize("answer", ["exit 1", "echo nothing of the kind", None], ids=["none", "other", "no Python"])
def test_where_none_answers_nothing_is_known(answer: str | None, tmp_path: Path) -> None:
    python = tmp_path / "python"
    if answer is not None:
        python.write_text(f"#!/bin/sh\n{answer}\n")
        python.chmod(0o755)
    assert limits_of(python) is None


def test_the_runtime_environment_is_asked_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho '[\"1.22.0\", 1, 2]'\n")
    python.chmod(0o755)
    monkeypatch.setenv("SIGHTLINE_RUNTIME", str(tmp_path))
    assert this_machine().onnx_limits() == OnnxLimits("1.22.0", PORTABLE_IR_VERSION + 1, PORTABLE_OPSET + 2)


def test_without_one_this_process_stands_for_it_but_not_in_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_RUNTIME", str(tmp_path / "none"))
    monkeypatch.setattr(machine, "CONTAINER_BACKENDS", tmp_path)
    assert this_machine().onnx_limits() == limits_of(Path(sys.executable))
    (tmp_path / "onnxruntime").mkdir()
    assert this_machine().onnx_limits() is None


def test_numbers_that_no_release_opens_are_far_from_those_of_today() -> None:
    """Once this fails, NEVER has to be larger."""
    assert served().ir_version < NEVER - 20
    assert served().opset < NEVER - 20


@pytest.mark.parametrize(
    ("ir_version", "opset", "rule", "said"),
    [
        (PORTABLE_IR_VERSION + 1, PORTABLE_OPSET, "ir-version", "an IR version of at most 10"),
        (PORTABLE_IR_VERSION, PORTABLE_OPSET + 1, "opset", "an opset of at most 21"),
    ],
)
def test_what_the_server_does_not_open_is_an_error_and_names_its_release(
    ir_version: int, opset: int, rule: str, said: str, tmp_path: Path
) -> None:
    report = report_of(ir_version, opset, OnnxLimits("1.20.1", 10, 21), tmp_path)
    assert [finding.rule for finding in report.errors] == [rule]
    assert report.errors[0].expected == f"{said}, the newest that ONNX Runtime 1.20.1 opens"
    assert not report.loads("bare_vectors")


@pytest.mark.parametrize(
    "limits", [OnnxLimits("9.0.0", NEVER, NEVER), None], ids=["the server is newer", "the server does not say"]
)
def test_what_only_this_process_can_not_open_is_no_error(limits: OnnxLimits | None, tmp_path: Path) -> None:
    report = report_of(NEVER, NEVER, limits, tmp_path)
    assert [(one.rule, one.severity) for one in report.findings] == [("ir-version", "warning"), ("opset", "warning")]
    assert "which ONNX Runtime 1.20 and every container since 24.09 open" in report.findings[0].expected
    assert report.loads("bare_vectors")


def test_a_file_that_every_release_opens_needs_no_asking(tmp_path: Path) -> None:
    def asked() -> OnnxLimits:
        raise AssertionError("ONNX Runtime was asked")

    change = graph("bare_vectors/1/model.onnx", lambda: identity(["batch", 2], ir_version=10, opset=21))
    assert changed("bare", change, tmp_path, Machine(onnx_limits=asked)).findings == ()

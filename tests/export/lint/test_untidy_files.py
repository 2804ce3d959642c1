"""Files that can't be read, names that no screen can show, sources without end: a finding, never a traceback."""

import os
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from export.lint.edits import Change, all_of, append, edit, link, remove, write
from export.lint.linting import changed
from export.lint.repositories import HEALTHY

from sightline_export.cli.lint import lint as command
from sightline_export.lint import lint, this_machine

LONG = "a" * 400
GOLDEN = (
    '{"model": "vectors", "version": 1, "cases": [{"name": "a", "outputs": {}, "inputs": '
    '{"x": {"datatype": "FP32", "shape": [4], "file": "LONG"}}}]}'
).replace("LONG", LONG)
WARMUP = (
    'model_warmup { name: "w" batch_size: 1 inputs { key: "x" '
    'value { data_type: TYPE_FP32 dims: 4 input_data_file: "LONG" } } }\n'
).replace("LONG", LONG)
PARAMETER = 'parameters { key: "%s" value { string_value: "%s" } }\n'


@pytest.mark.parametrize(
    ("base", "change", "rule"),
    [
        ("photo", edit("photo_scores", "labels.txt", LONG), "label-file"),
        (
            "photo",
            all_of(remove("photo_scores/labels.txt"), link("photo_scores/labels.txt", "labels.txt")),
            "label-file",
        ),
        ("configured", write("vectors/1/golden/golden.json", GOLDEN), "golden-file"),
        ("configured", write("vectors/1/golden/golden.json", "[" * 100_000), "golden-unreadable"),
        ("configured", append("vectors", f'default_model_filename: "{LONG}"\n'), "model-file"),
        ("python", append("doubler", f'default_model_filename: "{LONG}.py"\n'), "model-file"),
        ("python", append("doubler", PARAMETER % ("EXECUTION_ENV_PATH", LONG)), "parameter"),
        ("python", append("doubler", PARAMETER % ("TRITON_BATCH_STRATEGY_PATH", LONG)), "parameter"),
        ("configured", append("vectors", WARMUP), "warmup-file"),
        ("configured", append("vectors", f'runtime: "{LONG}"\n'), "unknown-runtime"),
        ("configured", edit("vectors", "platform", f'backend: "{LONG}" #'), "unknown-backend"),
        (
            "configured",
            append("vectors", f'model_repository_agents {{ agents {{ name: "{LONG}" }} }}\n'),
            "repository-agent",
        ),
        (
            "configured",
            append("vectors", f'model_operations {{ op_library_filename: "{LONG}" }}\n'),
            "operator-library",
        ),
        (
            "configured",
            all_of(remove("vectors/1/model.onnx"), link("vectors/1/model.onnx", "model.onnx")),
            "model-file",
        ),
        (
            "configured",
            all_of(remove("vectors/config.pbtxt"), link("vectors/config.pbtxt", "config.pbtxt")),
            "config-unreadable",
        ),
        (
            "configured",
            all_of(remove("vectors/1/model.onnx"), remove("vectors/1"), link("vectors/1", "1")),
            "no-version",
        ),
    ],
)
def test_what_can_not_be_asked_for_is_a_finding(base: str, change: Change, rule: str, tmp_path: Path) -> None:
    report = changed(base, change, tmp_path)
    assert rule in {finding.rule for finding in report.errors}, report.findings


@pytest.mark.parametrize("closed", ["", "1", "config.pbtxt", "labels.txt", "1/model.onnx", "1/golden"])
def test_what_may_not_be_read_is_a_finding_of_its_model_only(closed: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        repository.chmod(0o755)  # for another user, as root may read everything
        HEALTHY["photo"].build(repository)
        HEALTHY["configured"].build(repository)
        write("photo_scores/1/golden/golden.json", "{}")(repository)
        path, machine, user = repository / "photo_scores" / closed, this_machine(), os.geteuid()
        lint(repository, machine)  # what is imported on the way is there before the rights are gone
        mode = path.stat().st_mode
        path.chmod(0)
        try:
            if user == 0:
                os.seteuid(65534)
            report = lint(repository, machine)
        finally:
            os.seteuid(user)
            path.chmod(mode)
    assert {finding.model for finding in report.errors} == {"photo_scores"}
    assert report.loads("vectors")


def test_names_that_are_not_utf_8_are_shown_with_escapes(tmp_path: Path) -> None:
    HEALTHY["configured"].build(tmp_path)
    for path in (b"gr\xf6\xdfe", b"vectors/1/gr\xf6\xdfe", b"m\xff", b"m\xff/1"):
        (tmp_path / os.fsdecode(path)).mkdir()
    (tmp_path / "vectors/1/model.onnx").rename(tmp_path / os.fsdecode(b"vectors/1/mod\xe8le.onnx"))
    for options in ([], ["--json"], ["--fix"]):
        result = CliRunner().invoke(command, [str(tmp_path), *options])
        assert result.exit_code == 18, result.output
        assert "\\udce8" in result.output


def test_texts_of_findings_hold_no_line_breaks(tmp_path: Path) -> None:
    change = edit("digits", '\\"one\\"', "\\n\\x1b[31m\\u2028")
    report = changed("exported", change, tmp_path)
    assert report.errors
    for finding in report.findings:
        assert str(finding).isprintable()


def test_labels_of_others_are_their_own_affair(tmp_path: Path) -> None:
    change = append("doubler", PARAMETER % ("labels", "cat,dog"))
    assert changed("python", change, tmp_path).findings == ()


@pytest.mark.parametrize(
    "source",
    [
        f"TEXT = {' + '.join(['1'] * 20_000)}\n",
        f"TEXT = {'-' * 50_000}1\n",
        f"TEXT = {'[' * 150}{']' * 150}\n",
        f"TEXT = x{'.a' * 20_000}\n",
    ],
)
def test_source_that_is_nested_too_deeply_is_not_judged(source: str, tmp_path: Path) -> None:
    program = source + "class TritonPythonModel:\n    def execute(self, requests): ...\n"
    report = changed("python", write("doubler/1/model.py", program), tmp_path)
    assert [str(finding) for finding in report.errors if finding.rule != "python-load"] == []

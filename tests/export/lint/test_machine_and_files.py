"""What lint takes from the machine, from folders and from the text of a configuration."""

import re
from pathlib import Path

import pytest
from export.lint.edits import Change, append, edit, write
from export.lint.linting import changed
from export.lint.repositories import HEALTHY

from sightline_export.errors import RepositoryUnusable
from sightline_export.lint import Machine, lint
from sightline_export.lint.locate import Fields
from sightline_export.lint.rules import RULES


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('input [ { name: "a"\n dims: [1,\n2] },\n# input {\n{ name: "b" } ]', ("input", 1, "name"), 5),
        ('input [ { name: "a"\n dims: [1,\n2] } ]', ("input", 0, "dims", 1), 3),
        ("input {\n  dims: 1\n  dims: 2\n}\n", ("input", 0, "dims", 1), 3),
        ('# name: "x"\nname: "a # b"; max_batch_size: 4', ("max_batch_size",), 2),
        ("dynamic_batching <\n preferred_batch_size: 4\n>", ("dynamic_batching", "preferred_batch_size"), 2),
        ("input {\n}\n", ("input", 0, "dims"), 1),
        ("input {}", ("output",), None),
    ],
)
def test_line_of_a_field_is_found_in_every_notation(text: str, path: tuple[str | int, ...], line: int | None) -> None:
    assert Fields(text).line(path) == line


def test_documentation_lists_every_rule() -> None:
    page = (Path(__file__).parents[3] / "docs" / "lint.md").read_text().partition("## Rules")[2]
    assert dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", page, re.MULTILINE)) == RULES


def test_configuration_that_is_no_utf_8_is_read_as_triton_reads_it(tmp_path: Path) -> None:
    report = changed("configured", append_bytes("vectors", "# Größe\n".encode("latin-1")), tmp_path)
    assert report.findings == ()


def append_bytes(model: str, content: bytes) -> Change:
    def change(repository: Path) -> None:
        path = repository / model / "config.pbtxt"
        path.write_bytes(path.read_bytes() + content)

    return change


def test_field_that_the_pinned_server_does_not_know_is_a_mistake(tmp_path: Path) -> None:
    report = changed("configured", append("vectors", "\nmodel_metrics {}\n"), tmp_path)
    assert [finding.rule for finding in report.errors] == ["too-new-field"]


def test_gpu_instances_load_where_there_is_a_gpu(tmp_path: Path) -> None:
    change = edit("vectors", "KIND_CPU", "KIND_GPU")
    assert not changed("configured", change, tmp_path / "without", Machine(gpus=0)).loads("vectors")
    assert changed("configured", change, tmp_path / "with", Machine(gpus=1)).loads("vectors")


def test_too_little_shared_memory_for_full_load_is_a_warning_and_for_the_processes_an_error(tmp_path: Path) -> None:
    HEALTHY["exported"].build(tmp_path / "repository")

    def rules(free: int) -> list[tuple[str, str]]:
        report = lint(tmp_path / "repository", Machine(shared_memory_bytes=free))
        return [(finding.rule, finding.severity) for finding in report.findings]

    assert rules(1 << 30) == []
    assert rules(3 << 20) == [("shared-memory", "warning")]
    assert rules(1 << 20) == [("shared-memory", "error")]


def test_backends_that_are_no_python_need_no_shared_memory(tmp_path: Path) -> None:
    for number in range(70):
        write(f"plan{number}/1/model.plan", "plan")(tmp_path)
        write(
            f"plan{number}/config.pbtxt",
            'backend: "tensorrt" max_batch_size: 8 input { name: "x" data_type: TYPE_FP32 dims: [3, 224, 224] } '
            'output { name: "y" data_type: TYPE_FP32 dims: 9 } instance_group { count: 1 kind: KIND_CPU }',
        )(tmp_path)
    machine = Machine(backends=frozenset({"tensorrt"}), shared_memory_bytes=64 << 20)
    assert lint(tmp_path, machine).findings == ()


def test_model_config_name_chooses_the_variants_that_are_there(tmp_path: Path) -> None:
    HEALTHY["configured"].build(tmp_path / "repository")
    folder = tmp_path / "repository" / "vectors"
    (folder / "configs").mkdir()
    (folder / "configs" / "gpu.pbtxt").write_text((folder / "config.pbtxt").read_text().replace("KIND_CPU", "KIND_GPU"))
    assert lint(tmp_path / "repository", Machine()).loads("vectors")
    report = lint(tmp_path / "repository", Machine(), "gpu")
    assert [finding.file for finding in report.errors] == ["vectors/configs/gpu.pbtxt"]
    assert lint(tmp_path / "repository", Machine(), "tensorrt").loads("vectors")


@pytest.mark.parametrize("content", [(), ("notes.md",), ("docs/page.md",)])
def test_folder_that_is_no_repository_is_refused(content: tuple[str, ...], tmp_path: Path) -> None:
    for name in content:
        write(name, "text")(tmp_path)
    with pytest.raises(RepositoryUnusable, match="expected at least one"):
        lint(tmp_path, Machine())


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryUnusable, match="No such file"):
        lint(tmp_path / "nowhere", Machine())


def test_folder_beside_the_models_is_a_warning(tmp_path: Path) -> None:
    report = changed("configured", write("notes/page.md", "text"), tmp_path)
    assert [(finding.rule, finding.file, finding.severity) for finding in report.findings] == [
        ("not-a-model", "notes", "warning")
    ]

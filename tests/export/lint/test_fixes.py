"""`--fix` makes the safe edits, keeps everything else as it is, and never leaves a file half written."""

import difflib
from pathlib import Path

import pytest
from export.lint.edits import Change, append, edit, write
from export.lint.mutations import CASES
from export.lint.repositories import HEALTHY

from sightline_export.cli.lint import MOST_ROUNDS
from sightline_export.errors import RepositoryUnusable
from sightline_export.lint import Edit, Finding, Report, fix, lint, this_machine
from sightline_export.lint.fixes import edited

BY_ID = {case.id: case for case in CASES}


def fixed(repository: Path) -> tuple[list[Finding], Report]:
    applied: list[Finding] = []
    report = lint(repository, this_machine())
    for _ in range(MOST_ROUNDS):
        now = fix(repository, report)
        if not now:
            return applied, report
        applied += now
        report = lint(repository, this_machine())
    raise AssertionError(f"after {MOST_ROUNDS} rounds there is still something to fix: {report.findings}")


@pytest.mark.parametrize(
    ("id", "rule"),
    [
        ("name-is-another", "name-differs"),
        ("typo-in-input-name", "tensor-name"),
        ("typo-in-output-name", "tensor-name"),
        ("input-size-typo", "tensor-dims"),
        ("any-size-fixed-in-the-output", "tensor-dims"),
        ("input-of-the-wrong-type", "tensor-type"),
        ("inputs-swapped", "tensor-type"),
        ("half-precision-graph", "tensor-type"),
        ("input-twice", "tensor-twice"),
        ("labels-missing", "label-file"),
        ("no-instance-group", "no-instance-group"),
        ("ensemble-batch-raised", "ensemble-batch"),
        ("inner-ensemble-with-fewer-rows", "ensemble-batch"),
        ("input-key-typo", "step-tensor"),
        ("ensemble-input-type", "step-type"),
        ("ensemble-output-rank", "step-dims"),
        ("ensemble-with-instances", "ensemble-setting"),
        ("step-version-missing", "step-version"),
        ("gpu-numbers-for-a-cpu", "gpus-on-cpu"),
        ("shape-tensor", "only-in-tensorrt"),
        ("decode-image-renamed", "own-tensors"),
        ("noise-seed-as-int32", "own-tensors"),
        ("scene-size-as-int64", "own-tensors"),
        ("classes-seed-optional", "own-tensors"),
        ("edit-width-renamed", "own-tensors"),
        ("pairs-other-renamed", "own-tensors"),
        ("warmup-too-large", "warmup-batch"),
        ("warmup-of-another-type", "warmup-input"),
        ("input-without-dims", "tensor-dims"),
        ("input-without-type", "tensor-type"),
    ],
)
def test_safe_mistake_is_fixed_and_the_repository_loads(id: str, rule: str, tmp_path: Path) -> None:
    BY_ID[id].build(tmp_path / "repository")
    applied, report = fixed(tmp_path / "repository")
    assert rule in {finding.rule for finding in applied}
    assert [str(finding) for finding in report.findings if finding.rule != "label-count"] == []
    assert all(verdict.loads for verdict in report.verdicts)


def test_fix_changes_the_wrong_lines_and_no_others(tmp_path: Path) -> None:
    BY_ID["name-is-another"].build(tmp_path / "repository")
    append("vectors", "\n# kept\n  # kept too\n")(tmp_path / "repository")
    edit("vectors", "dims: [ 4 ]", "dims: [5]  # why five?")(tmp_path / "repository")
    path = tmp_path / "repository" / "vectors" / "config.pbtxt"
    before = path.read_text().splitlines()
    fixed(tmp_path / "repository")
    changes = [line for line in difflib.ndiff(before, path.read_text().splitlines()) if line[0] in "+-"]
    assert [line.split()[0] + " " + line.split(maxsplit=1)[1].strip() for line in changes] == [
        '- name: "other_vectors"',
        '+ name: "vectors"',
        "- dims: [5]  # why five?",
        "+ dims: [4]  # why five?",
    ]


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ("configured", append("vectors", "")),  # nothing to fix
        ("configured", edit("vectors", "KIND_CPU", "KIND_GPU")),  # meant for another machine
        ("configured", edit("vectors", "max_batch_size: 4", "max_batch_size: 0")),  # two ways to correct it
        ("exported", edit("pixels_rgb_8x8_squash", '"squash"', '"stretch"')),
        ("chain", edit("chain", "chain_first", "chain_frist")),
    ],
)
def test_what_is_not_certain_is_left_alone(base: str, change: Change, tmp_path: Path) -> None:
    HEALTHY[base].build(tmp_path / "repository")
    change(tmp_path / "repository")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    applied, _ = fixed(tmp_path / "repository")
    assert applied == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("id", BY_ID)
def test_fixing_never_makes_a_repository_worse(id: str, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    BY_ID[id].build(repository)
    try:
        before = lint(repository, this_machine())
    except RepositoryUnusable:
        return  # nothing that could be fixed
    _, after = fixed(repository)
    assert {v.model for v in before.verdicts if v.loads} <= {v.model for v in after.verdicts if v.loads}
    assert len(after.errors) <= len(before.errors)
    assert not [finding for finding in after.findings if finding.fixable]
    assert not list(repository.rglob("*.fixed"))


def test_notations_of_dims_survive_a_fix(tmp_path: Path) -> None:
    HEALTHY["photo"].build(tmp_path / "repository")
    text = """backend: "onnxruntime"
max_batch_size: 8
input {
  name: "image"
  data_type: TYPE_FP32
  format: FORMAT_NCHW
  dims: 8  # rows
  dims: 8
  dims: 3
}
output { name: "scores" data_type: TYPE_FP32 dims: 5 }
instance_group { kind: KIND_CPU count: 1 }
"""
    write("photo_scores/config.pbtxt", text)(tmp_path / "repository")
    applied, report = fixed(tmp_path / "repository")
    assert [finding.rule for finding in applied] == ["tensor-dims"]
    assert report.findings == ()
    assert (
        "  dims: 3  # rows\n  dims: 8\n  dims: 8\n}" in (tmp_path / "repository/photo_scores/config.pbtxt").read_text()
    )


def test_edits_are_made_from_the_end_so_that_places_stay_right() -> None:
    assert edited("abcdef", [Edit(0, 1, "AA"), Edit(5, 6, ""), Edit(3, 3, "-")]) == "AAbc-de"


def test_two_versions_that_want_opposite_edits_are_left_alone(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    BY_ID["newest-version-of-other-sizes"].build(repository)
    append("vectors", "version_policy { all {} }\n")(repository)
    applied, report = fixed(repository)
    assert (applied, {finding.rule for finding in report.errors}) == ([], {"tensor-dims"})


def test_line_ends_and_foreign_bytes_survive_a_fix(tmp_path: Path) -> None:
    HEALTHY["configured"].build(tmp_path / "repository")
    path = tmp_path / "repository" / "vectors" / "config.pbtxt"
    content = path.read_bytes().replace(b"\n", b"\r\n") + b"# Gr\xf6\xdfe\r\n"
    path.write_bytes(content.replace(b"dims: [ 4 ]", b"dims: [ 5 ]"))
    fixed(tmp_path / "repository")
    assert path.read_bytes() == content


def finding(*edits: Edit) -> Finding:
    return Finding("model", "model/config.pbtxt", 1, "error", "parameter", "a", "b", "c", True, False, edits)


def test_edits_that_overlap_are_made_one_after_the_other(tmp_path: Path) -> None:
    write("model/config.pbtxt", "max_batch_size: 1234")(tmp_path)
    first, second = finding(Edit(16, 19, "5")), finding(Edit(18, 20, "6"))
    assert fix(tmp_path, Report((first, second), ())) == (first,)
    assert (tmp_path / "model/config.pbtxt").read_text() == "max_batch_size: 54"


@pytest.mark.parametrize(
    "edit",
    [
        Edit(0, 4, ""),  # max_batch_size: 4 becomes batch_size: 4
        Edit(18, 19, "dims: 3"),
    ],
)
def test_edit_that_would_not_be_read_as_it_was_meant_is_refused(edit: Edit, tmp_path: Path) -> None:
    text = 'max_batch_size: 4 input { name: "x" }'
    write("model/config.pbtxt", text)(tmp_path)
    assert fix(tmp_path, Report((finding(edit),), ())) == ()
    assert (tmp_path / "model/config.pbtxt").read_text() == text


PLAIN = """backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: 4 }
output { name: "y" data_type: TYPE_FP32 dims: 3 }
instance_group { count: 1 kind: KIND_CPU }
"""


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (("KIND_CPU }", "KIND_CPU , gpus: 0 , passive: false }"), ("KIND_CPU }", "KIND_CPU , passive: false }")),
        (("{ count: 1 kind", "{ gpus: 0 , count: 1, kind"), ("{ count: 1 kind", "{ count: 1, kind")),
        (("KIND_CPU }", f"KIND_CPU gpus: {list(range(16))} }}"), (" ", " ")),
        (("KIND_CPU }", "KIND_CPU gpus: 0 gpus: [1, 2] gpus: 3 }"), (" ", " ")),
        (
            ("dims: 4 }", "dims: [ # channels\n 5 # the width\n ] }"),
            ("dims: 4 }", "dims: [ # channels\n 4 # the width\n ] }"),
        ),
        (
            ("dims: 4 }", "dims: [4, # so many\n 5, 6 ] # sizes\n }"),
            ("dims: 4 }", "dims: [4 # so many\n ] # sizes\n }"),
        ),
        (("dims: 4 }", "dims: 4 dims: 1 dims: 1 }"), (" ", " ")),
        (('"onnxruntime"\n', '"onnxruntime"\nmodel_repository_agents { }\n'), (" ", " ")),
    ],
)
def test_lists_separators_and_comments_survive_a_fix(
    wrong: tuple[str, str], right: tuple[str, str], tmp_path: Path
) -> None:
    HEALTHY["configured"].build(tmp_path)
    path = tmp_path / "vectors" / "config.pbtxt"
    path.write_text(PLAIN.replace(*wrong))
    _, report = fixed(tmp_path)
    assert report.findings == ()
    assert path.read_text().split() == PLAIN.replace(*right).split()


def test_lines_that_are_added_end_like_the_others(tmp_path: Path) -> None:
    HEALTHY["configured"].build(tmp_path)
    path = tmp_path / "vectors" / "config.pbtxt"
    text = PLAIN.replace("instance_group { count: 1 kind: KIND_CPU }\n", "").replace(
        " data_type: TYPE_FP32 dims: 4 }", "\ndims: 4\n}"
    )
    path.write_bytes(text.replace("\n", "\r\n").encode())
    applied, _ = fixed(tmp_path)
    assert {finding.rule for finding in applied} == {"no-instance-group", "tensor-type"}
    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")


def test_mode_of_a_file_and_links_to_it_survive_a_fix(tmp_path: Path) -> None:
    HEALTHY["configured"].build(tmp_path / "repository")
    path, real = tmp_path / "repository" / "vectors" / "config.pbtxt", tmp_path / "kept.pbtxt"
    path.unlink()
    real.write_text(PLAIN.replace("dims: 4", "dims: 5"))
    real.chmod(0o640)
    path.symlink_to(real)
    fixed(tmp_path / "repository")
    assert (path.is_symlink(), real.read_text(), real.stat().st_mode & 0o777) == (True, PLAIN, 0o640)


def test_file_that_two_models_share_is_left_alone(tmp_path: Path) -> None:
    HEALTHY["configured"].build(tmp_path)
    (tmp_path / "twin").symlink_to("vectors")
    applied, report = fixed(tmp_path)
    assert (applied, [finding.rule for finding in report.errors]) == ([], ["name-differs"])

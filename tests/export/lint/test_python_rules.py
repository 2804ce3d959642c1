"""Python models: what keeps them from loading or from answering, found without running them."""

from pathlib import Path

import pytest
from export.lint.edits import Change, append, edit, write
from export.lint.linting import changed
from export.lint.mutations import CASES

from sightline_export.lint import lint, this_machine

DECOUPLED = "model_transaction_policy { decoupled: true }\n"


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import nowhere_at_all\nclass TritonPythonModel:\n    def execute(self, requests): ...\n", "import-missing"),
        ("class Model:\n    def execute(self, requests): ...\n", "python-class"),
        (
            "class TritonPythonModel:\n    def initialize(self): ...\n    def execute(self, requests): ...\n",
            "python-method",
        ),
        (
            "class TritonPythonModel:\n    def __init__(self, size): ...\n    def execute(self, requests): ...\n",
            "python-method",
        ),
    ],
)
def test_python_model_that_can_not_start_is_found_without_importing_it(source: str, rule: str, tmp_path: Path) -> None:
    report = changed("python", write("doubler/1/model.py", source), tmp_path)
    assert [finding.rule for finding in report.errors] == [rule]
    assert not report.loads("doubler")


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import nowhere_at_all\nexcept ImportError:\n    pass\nfrom base import TritonPythonModel\n",
        "import os.path, numpy\nclass TritonPythonModel:\n    def execute(self, requests):\n        import nowhere\n",
        "from base import Base\nclass TritonPythonModel(Base):\n    pass\n",
        "class TritonPythonModel:\n    def initialize(self, a):\n        if 'x' in a:\n            raise IOError(y)\n"
        "    def execute(self, requests):\n        return [pb.InferenceResponse([other]) for other in requests]\n",
        "import asyncio\nclass TritonPythonModel:\n    async def execute(self, requests):\n"
        "        request = pb.InferenceRequest('m', ['Z'], [pb.Tensor('Q', requests)])\n",
    ],
)
def test_what_a_python_model_may_do_without_is_no_mistake(source: str, tmp_path: Path) -> None:
    change = write("doubler/1/model.py", source)

    def both(repository: Path) -> None:
        change(repository)
        write("doubler/1/base.py", "class Base:\n    def execute(self, requests): ...\nTritonPythonModel = Base\n")(
            repository
        )

    report = changed("python", both, tmp_path)
    assert [str(finding) for finding in report.errors] == []


def test_source_of_a_python_model_is_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    source = f"open({str(trap)!r}, 'w')\nclass TritonPythonModel:\n    def execute(self, requests): ...\n"
    changed("python", write("doubler/1/model.py", source), tmp_path)
    assert not trap.exists()


@pytest.mark.parametrize(
    ("base", "change", "rule", "place"),
    [
        ("exported", write("digits/1/golden/golden.json", "{"), "golden-unreadable", "digits/1/golden/golden.json"),
        (
            "exported",
            edit("digits", '\\"one\\"', '\\"two\\"'),
            "labels-parameter",
            "digits/config.pbtxt",
        ),
        (
            "python",
            edit("doubler", "KIND_CPU", "KIND_CPU passive: true"),
            "passive-instances",
            "doubler/config.pbtxt",
        ),
        ("python", write("doubler/1/model.py", "class TritonPythonModel:\n    x = 1\n"), "python-execute", "doubler/1"),
        ("python", append("doubler", DECOUPLED), "decoupled", "doubler/config.pbtxt"),
        ("configured", append("vectors", DECOUPLED), "decoupled", "vectors/config.pbtxt"),
        ("python", edit("doubler", "TYPE_FP32", "TYPE_BF16"), "python-bfloat16", "doubler/config.pbtxt"),
        (
            "python",
            append("doubler", 'input { name: "x" data_type: TYPE_FP32 dims: [2] }\n'),
            "tensor-twice",
            "doubler/config.pbtxt",
        ),
    ],
)
def test_model_that_loads_and_answers_wrongly_is_told_from_one_that_does_not_load(
    base: str, change: Change, rule: str, place: str, tmp_path: Path
) -> None:
    report = changed(base, change, tmp_path)
    found = next(finding for finding in report.findings if finding.rule == rule)
    assert found.file.startswith(place)
    assert found.severity == "error"
    assert found.answers
    assert report.loads(found.model)


LAWFUL = {case.id: case for case in CASES if case.id.startswith("lawful-")}


@pytest.mark.parametrize("id", LAWFUL)
def test_lawful_model_is_not_accused(id: str, tmp_path: Path) -> None:
    """That tritonserver loads them, and gets answers, is in test_oracle."""
    LAWFUL[id].build(tmp_path / "repository")
    report = lint(tmp_path / "repository", this_machine())
    assert [str(finding) for finding in report.errors] == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("import left_pad_for_tensors", "import-missing"),
        ("left_pad()", "python-load"),
        ("print(left_pad)", "python-load"),
    ],
)
def test_what_only_a_run_can_tell_is_a_warning(line: str, rule: str, tmp_path: Path) -> None:
    program = f"exec('')\n{line}\nclass TritonPythonModel:\n    def execute(self, requests): ...\n"
    report = changed("python", write("doubler/1/model.py", program), tmp_path)
    assert {(finding.rule, finding.severity) for finding in report.findings} == {(rule, "warning")}
    assert report.loads("doubler")


MANUAL = """class TritonPythonModel:
    @staticmethod
    def auto_complete_config(config):
        inputs = [{{"name": "x", "data_type": "TYPE_FP32", "dims": [2]}}]
        known = config.as_dict()
        names = []
        for one in known["input"]:
            names.append(one["name"])
        for one in inputs:
            if one["name"] not in names:
                config.add_input(one)
        {line}
        return config

    def execute(self, requests): ...
"""


@pytest.mark.parametrize(
    ("line", "max_batch"),
    [
        ("config.set_max_batch_size(0)", 0),
        ("config.set_max_batch_size(8)", 8),
        ("config.set_max_batch_size(len(names) + 8)", 0),  # not followed
        ("config.set_max_batch_size(8 if names else 4)", 0),
        ("size = 4; size = int('7'); config.set_max_batch_size(size)", 0),
        ("if 'x' in names: config.set_max_batch_size(4)", 0),
        ("if 'x' not in names: config.set_max_batch_size(4)", 4),
        ("if not names and known['max_batch_size'] == 0: config.set_max_batch_size(4)", 4),
        ("if len(known['output']) > 7: config.set_max_batch_size(4)", 0),
        ("if len(known['output']) > 7: return config\n        config.set_max_batch_size(4)", 4),
        ("return config\n        config.set_max_batch_size(4)", 0),
        ("add = config.set_max_batch_size; add(4)", 0),
        ("print('so far', names)", 0),
    ],
)
def test_completion_is_followed_step_by_step_or_not_at_all(line: str, max_batch: int, tmp_path: Path) -> None:
    def change(repository: Path) -> None:
        write("doubler/1/model.py", MANUAL.format(line=line))(repository)
        text = 'backend: "python" output { name: "y" data_type: TYPE_FP32 dims: [2] }'
        write("doubler/config.pbtxt", text)(repository)

    report = changed("python", change, tmp_path)
    assert [str(finding) for finding in report.errors] == []
    assert [verdict.max_batch for verdict in report.verdicts] == [max_batch]

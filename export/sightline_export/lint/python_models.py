"""Models of Triton's Python backend: `model.py` is parsed, never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from sightline_backend.model_config import Config, entries, section
from sightline_export.lint.findings import Finding
from sightline_export.lint.machine import Machine
from sightline_export.lint.model import Model, content
from sightline_export.lint.onnx_models import Checked
from sightline_export.lint.python_answers import attributes, wrong_tensors
from sightline_export.lint.python_calls import Refused
from sightline_export.lint.python_class import check_class, later
from sightline_export.lint.python_completion import completed
from sightline_export.lint.python_flow import is_dynamic
from sightline_export.lint.python_imports import check_imports, uses_own_modules
from sightline_export.lint.python_names import slips_at_load
from sightline_export.lint.python_source import model_class, parse_source
from sightline_export.lint.readable import is_file
from sightline_export.lint.tensors import WAYS, Way


def check_python(model: Model, folder: Path, machine: Machine) -> Checked:
    """Check one version of a Python model."""
    name = str(model.config["default_model_filename"]) or "model.py"
    path = folder / name
    if not is_file(path):
        missing = model.error(
            "model-file",
            ("default_model_filename",),
            f"the file {name} in {model.relative(folder)}",
            content(folder),
            "put it there, or name the file that is there in default_model_filename",
        )
        return Checked(model.config, (missing,), known=False)
    if not name.endswith(".py"):
        ending = model.error("model-file", ("default_model_filename",), "a file that ends in .py", name, "rename it")
        return Checked(model.config, (ending,), known=False)
    try:
        return _judge(model, path, machine)
    except (RecursionError, MemoryError):
        return Checked(model.config, (), known=False)  # nested too deeply to be judged


def _judge(model: Model, path: Path, machine: Machine) -> Checked:
    tree = parse_source(path.read_bytes())
    if not isinstance(tree, ast.Module):
        line = tree.lineno if isinstance(tree, SyntaxError) else None
        wrong = model.error_in(path, line, "python-syntax", "Python that can be parsed", str(tree), "correct this line")
        return Checked(model.config, (wrong,), known=False)
    findings = [
        *check_imports(model, path, tree, machine),
        *check_class(model, path, tree),
        *(
            (model.error_in if slip.sure else model.warning_in)(
                path, slip.line, "python-load", slip.expected, slip.found, "correct this line"
            )
            for slip in slips_at_load(tree)
        ),
    ]
    try:
        config = completed(tree, model.config)
    except Refused as error:
        contradiction = model.error_in(
            path, error.line, "python-completion", error.expected, error.found, "correct config.pbtxt or this line"
        )
        return Checked(model.config, (*findings, contradiction), known=False)
    if config is None:
        return Checked(model.config, tuple(findings), known=False)
    plain = not is_dynamic(tree) and not uses_own_modules(tree, path.parent)
    answers = _check_answers(model, path, tree, config) if plain else ()
    return Checked(config, (*findings, *_check_promises(model, config), *answers))


def _check_promises(model: Model, config: Config) -> Iterator[Finding]:
    # a model without inputs may be called; one without outputs can't answer
    if not entries(config, "output"):
        yield model.error(
            "no-tensors",
            (),
            "an output in config.pbtxt, or added by auto_complete_config",
            "none",
            "add output { … } to config.pbtxt",
            answers=True,
        )


def _tensors(config: Config, way: Way) -> list[str]:
    """The names of all tensors that Triton gives to a Python model, or takes from it."""
    sequences = section(config, "sequence_batching")
    extra = [*entries(sequences, "control_input"), *entries(config, "batch_input")] if way == "input" else []
    names = [name for entry in extra for name in (entry.get("name"), *entry.get("target_name", ())) if name]
    states = [str(state[f"{way}_name"]) for state in entries(sequences, "state")]
    return [*(str(entry["name"]) for entry in entries(config, way)), *names, *states]


def _check_answers(model: Model, path: Path, tree: ast.Module, config: Config) -> Iterator[Finding]:
    used, owner = attributes(tree), model_class(tree)
    decoupled = section(config, "model_transaction_policy").get("decoupled")
    if decoupled and "get_response_sender" not in used and owner and not owner.bases:
        yield model.error(
            "decoupled",
            ("model_transaction_policy", "decoupled"),
            "answers through get_response_sender in a decoupled model",
            "none, so that every request fails",
            "write decoupled: false, or send the answers",
            answers=True,
        )
    inputs = entries(config, "input")
    only_bfloat16 = all(entry["data_type"] == "TYPE_BF16" for entry in inputs) and "InferenceRequest" not in used
    if "as_numpy" in used and "from_dlpack" not in used and "to_dlpack" not in used and only_bfloat16:
        for index, entry in enumerate(inputs):
            yield model.error(
                "python-bfloat16",
                ("input", index, "data_type"),
                f"a type that numpy has, for {entry['name']}, as model.py calls as_numpy",
                "TYPE_BF16",
                "use TYPE_FP32, or from_dlpack in model.py",
                answers=True,
            )
    known = {way: _tensors(config, way) for way in WAYS}
    for named in wrong_tensors(tree, known["input"], [str(entry["name"]) for entry in entries(config, "output")]):
        if config["output"] and named.name not in known[named.way]:
            yield later(
                model.error_in(
                    path,
                    named.line,
                    "python-tensor",
                    f"one of the {named.way}s, {', '.join(known[named.way]) or 'of which there are none'}",
                    repr(named.name),
                    "write the same name here and in the configuration",
                )
            )

"""What fails in any case when a Python model is loaded: unknown names and keys, files that are not there."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sightline_export.lint.python_flow import body_nodes, certain, certain_nodes, is_dynamic
from sightline_export.lint.python_source import Function, bound_names, functions_at_load
from sightline_export.lint.readable import exists

ARGUMENTS = frozenset(
    {
        "model_config",
        "model_instance_kind",
        "model_instance_name",
        "model_instance_device_id",
        "model_repository",
        "model_version",
        "model_name",
    }
)
"""The keys of the dictionary that `initialize` is given."""

_OF_MODULES = frozenset(
    {
        *dir(builtins),
        *("__file__", "__name__", "__doc__", "__package__", "__spec__", "__loader__", "__cached__", "__path__"),
        *("__builtins__", "__annotations__", "__class__", "__module__", "__qualname__"),
    }
)
_READING = frozenset({"get", "keys", "items", "values"})


@dataclass(frozen=True)
class Slip:
    """Something that fails when the model is loaded. expected, found: for the message; sure: whether it must fail."""

    line: int
    expected: str
    found: str
    sure: bool = True


def slips_at_load(tree: ast.Module) -> Iterator[Slip]:
    """Undefined names, unknown keys of args and bare raises that loading runs into."""
    names = {name for node in ast.walk(tree) for name in bound_names(node)}
    known, sure = names | _OF_MODULES, not is_dynamic(tree)
    if "*" in names:
        return
    yield from _undefined(tree.body, known, sure)
    for function in functions_at_load(tree):
        yield from _undefined(function.body, known, sure)
        yield from _raised(function)
        if "open" not in names:
            yield from _missing_files(tree, function)
        yield from _early_requests(function)
        if function.name == "initialize":
            yield from _unknown_keys(function)


def _undefined(body: list[ast.stmt], names: set[str], sure: bool) -> Iterator[Slip]:
    for node in certain_nodes(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in names:
            yield Slip(node.lineno, "names that are defined or imported", node.id, sure)


def _raised(function: Function) -> Iterator[Slip]:
    for node in certain(function.body):
        if isinstance(node, ast.Raise):
            yield Slip(node.lineno, f"{function.name} to come to its end", "raise")


def _missing_files(tree: ast.Module, function: Function) -> Iterator[Slip]:
    calls = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in certain_nodes(function.body):
        path = _read_file(node)
        if path is not None and path.is_absolute() and not exists(path):
            line = getattr(node, "lineno", function.lineno)
            # whatever was called before may have made the file
            yield Slip(line, f"the file {path}", "none", sure=min(calls) == line and calls.count(line) == 1)


def _read_file(node: ast.AST) -> Path | None:
    """The file that a call opens for reading, where that is written out."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open" and node.args):
        return None
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    if not set(named) <= {"mode", "encoding", "errors", "newline"}:
        return None
    path = _text(node.args[0])
    mode = _text(node.args[1]) if len(node.args) > 1 else _text(named["mode"]) if "mode" in named else "r"
    return Path(path) if path and mode and mode[0] == "r" else None


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _early_requests(function: Function) -> Iterator[Slip]:
    """Requests to other models are refused before the model is loaded."""
    requests = {
        name
        for node in body_nodes(function)
        if isinstance(node, ast.Assign) and _makes_request(node.value)
        for target in node.targets
        for name in bound_names(target)
    }
    for node in certain_nodes(function.body):
        if isinstance(node, ast.Attribute) and node.attr in ("exec", "async_exec"):
            of_request = isinstance(node.value, ast.Name) and node.value.id in requests
            if of_request or _makes_request(node.value):
                yield Slip(node.lineno, "requests to other models in execute only", f"{node.attr} in {function.name}")


def _makes_request(node: ast.expr) -> bool:
    made = node.func if isinstance(node, ast.Call) else None
    name = made.attr if isinstance(made, ast.Attribute) else made.id if isinstance(made, ast.Name) else ""
    return name == "InferenceRequest"


def _unknown_keys(function: Function) -> Iterator[Slip]:
    given = function.args.args[1:2]
    if not given or not _only_read(function, given[0].arg):
        return
    for node in certain_nodes(function.body):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == given[0].arg
            and isinstance(node.slice, ast.Constant)
            and node.slice.value not in ARGUMENTS
        ):
            yield Slip(node.lineno, f"one of the keys {', '.join(sorted(ARGUMENTS))}", repr(node.slice.value))


def _only_read(function: Function, name: str) -> bool:
    """Whether a dictionary stays as it was given: nobody binds the name again, adds keys or hands it on."""
    read = [
        node.value
        for node in ast.walk(function)
        if (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.Attribute) and node.attr in _READING)
    ]
    return all(node in read for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name)

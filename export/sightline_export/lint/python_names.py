"""Names that a Python model uses and nobody gives it: only where the statement is run in any case."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sightline_export.lint.python_source import Function, bound_names, method, model_class

AT_LOAD = ("__init__", "initialize", "auto_complete_config")
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

_COMPOUND = ast.If | ast.Try | ast.While | ast.For | ast.With
_OF_MODULES = frozenset({*dir(builtins), "__file__", "__name__", "__doc__", "__package__", "__spec__", "__loader__"})


@dataclass(frozen=True)
class Slip:
    """Something that fails when the model is loaded. expected, found: for the message."""

    line: int
    expected: str
    found: str


def slips_at_load(tree: ast.Module) -> Iterator[Slip]:
    """Undefined names, unknown keys of args and bare raises that loading runs into."""
    names = {name for node in ast.walk(tree) for name in bound_names(node)} | _OF_MODULES
    if "*" in names:
        return
    yield from _undefined(tree.body, names)
    owner = model_class(tree)
    for name in AT_LOAD if owner else ():
        function = method(owner, name) if owner else None
        if function is not None:
            yield from _undefined(function.body, names)
            yield from _raised(function)
            yield from _missing_files(function)
            yield from _early_requests(function)
            if name == "initialize":
                yield from _unknown_keys(function)


def _undefined(body: list[ast.stmt], names: set[str]) -> Iterator[Slip]:
    for node in _certain(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in names:
            yield Slip(node.lineno, "names that are defined or imported", node.id)


def _raised(function: Function) -> Iterator[Slip]:
    for node in function.body:
        if isinstance(node, ast.Raise):
            yield Slip(node.lineno, f"{function.name} to come to its end", "raise")


def _missing_files(function: Function) -> Iterator[Slip]:
    for node in _certain(function.body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open" and node.args:
            path, *mode = (argument.value if isinstance(argument, ast.Constant) else None for argument in node.args)
            reads = not mode or (isinstance(mode[0], str) and mode[0].startswith("r"))
            if isinstance(path, str) and reads and Path(path).is_absolute() and not Path(path).exists():
                yield Slip(node.lineno, f"the file {path}", "none")


def _early_requests(function: Function) -> Iterator[Slip]:
    for node in _certain(function.body):
        if isinstance(node, ast.Attribute) and node.attr in ("exec", "async_exec"):
            yield Slip(node.lineno, "requests to other models in execute only", f"{node.attr} in {function.name}")


def _unknown_keys(function: Function) -> Iterator[Slip]:
    arguments = [argument.arg for argument in function.args.args]
    for node in _certain(function.body):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id in arguments[1:2]
            and isinstance(node.ctx, ast.Load)
            and isinstance(node.slice, ast.Constant)
            and node.slice.value not in ARGUMENTS
        ):
            yield Slip(node.lineno, f"one of the keys {', '.join(sorted(ARGUMENTS))}", repr(node.slice.value))


def _certain(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Every node that is run whenever `body` is, up to the first statement that may leave it."""
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.Return):
            yield from _inside(statement)
        elif isinstance(statement, ast.With):
            for item in statement.items:
                yield from _inside(item)
            yield from _certain(statement.body)
        if isinstance(statement, _COMPOUND) and any(isinstance(node, ast.Return) for node in ast.walk(statement)):
            return


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.IfExp | ast.BoolOp | ast.Lambda):
        return
    for child in ast.iter_child_nodes(node):
        yield from _inside(child)

"""Tensors that `execute` asks for or answers with, by names that are written out in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sightline_export.lint.python_flow import certain, own_nodes
from sightline_export.lint.python_source import Function, method, model_class
from sightline_export.lint.tensors import WAYS, Way


@dataclass(frozen=True)
class Named:
    """way: input or output."""

    way: Way
    name: str
    line: int


def wrong_tensors(tree: ast.Module, inputs: Iterable[str], outputs: Iterable[str]) -> Iterator[Named]:
    """Names in `execute` that keep the model from answering; inputs, outputs: those of the configuration.

    Nothing where it asks other models too, whose tensors have names of their own.
    """
    owner = model_class(tree)
    function = method(owner, "execute") if owner else None
    if function is None or "InferenceRequest" in attributes(tree):
        return
    for way, found, known in zip(WAYS, (_taken(function), _given(tree, function)), (inputs, outputs), strict=True):
        asked = {id(node.args[1]) for node in ast.walk(tree) if isinstance(node, ast.Call) and _asked(node)}
        written = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in asked}
        # Triton takes away what is not asked for: only an output that is never made is missing
        if way == "input" or not set(known) <= written:
            yield from (Named(way, name, line) for name, line in found if name not in known)


def attributes(tree: ast.Module) -> set[str]:
    """Every attribute that the source asks anything for, and every name that it uses or imports."""
    return {
        name
        for node in ast.walk(tree)
        for name in (getattr(node, "attr", None), getattr(node, "id", None), getattr(node, "name", None))
        if isinstance(name, str)
    }


def _given(tree: ast.Module, function: Function) -> list[tuple[str, int]]:
    """The outputs that `execute` makes, where all tensors of the source are made by names that are written out."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) == "Tensor"]
    uses = [node for node in ast.walk(tree) if "Tensor" in (getattr(node, "attr", ""), getattr(node, "id", ""))]
    if len(uses) != len(calls) or not all(call.args and _text(call.args[0]) for call in calls):
        return []
    inside = {id(node) for node in ast.walk(function)}
    return [(_text(call.args[0]), call.lineno) for call in calls if id(call) in inside]


def _taken(function: Function) -> Iterator[tuple[str, int]]:
    """The inputs that `execute` needs in any case: what it asks for and uses without looking whether it is there."""
    arguments = function.args.args
    if len(arguments) != 2 or any(isinstance(node, ast.Try) for node in ast.walk(function)):
        return
    careful = _looked_at(function)
    for statement in _each_time(function.body, arguments[1].arg):
        bound = [target.id for target in getattr(statement, "targets", ()) if isinstance(target, ast.Name)]
        for node, used in _expressions(statement, arguments[1].arg):
            if isinstance(node, ast.Call) and (name := _asked(node)):
                kept = bound if isinstance(statement, ast.Assign) and statement.value is node else []
                if used or (kept and not careful & set(kept)):
                    yield name, node.lineno


def _asked(node: ast.Call) -> str:
    """The input that a call of Triton's own function asks for."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    of_module = isinstance(owner, ast.Name) and owner.id != "self"
    if not of_module or _called(node) != "get_input_tensor_by_name" or len(node.args) != 2:
        return ""
    return _text(node.args[1])


def _looked_at(function: Function) -> set[str]:
    """Names of which more is done than to ask them for an attribute."""
    names = {id(node): node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    read = {id(node.value) for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    stored = {id(node) for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {name for at, name in names.items() if at not in read and at not in stored}


def _each_time(body: list[ast.stmt], requests: str) -> Iterator[ast.stmt]:
    """The statements that are run for each request."""
    for statement in certain(body):
        if isinstance(statement, ast.For) and _names(statement.iter, requests):
            yield from _each_time(statement.body, requests)
        elif isinstance(statement, ast.Assign | ast.Expr | ast.Return):
            yield statement


def _expressions(statement: ast.stmt, requests: str) -> Iterator[tuple[ast.AST, bool]]:
    """The nodes of a statement that are run in any case, each with whether an attribute of it is asked for."""
    nodes = list(own_nodes(statement))
    perhaps = ast.IfExp | ast.BoolOp | ast.Lambda | ast.NamedExpr | ast.GeneratorExp
    if any(isinstance(node, perhaps) for node in nodes):
        return
    if any(isinstance(node, ast.comprehension) and (node.ifs or not _names(node.iter, requests)) for node in nodes):
        return
    used = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    yield from ((node, id(node) in used) for node in nodes)


def _names(node: ast.expr, name: str) -> bool:
    return any(isinstance(child, ast.Name) and child.id == name for child in ast.walk(node))


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""

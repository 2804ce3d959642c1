"""A Python model's source as a tree: what it defines and imports. It is never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from sightline_export.lint.python_flow import certain, runs_when_called

Function = ast.FunctionDef | ast.AsyncFunctionDef

AT_LOAD = ("__init__", "initialize", "auto_complete_config")


@dataclass(frozen=True)
class Import:
    """module: the dotted name; level: how many dots before it; names: what is taken of it."""

    module: str
    level: int
    line: int
    names: tuple[str, ...] = ()


def parse_source(source: bytes) -> ast.Module | SyntaxError | ValueError:
    """Parse a model.py.

    Raises:
        RecursionError, MemoryError: it is nested too deeply for this Python.
    """
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        return error


def model_class(tree: ast.Module) -> ast.ClassDef | None:
    """The class TritonPythonModel; None where it is not the only thing of that name, or is handed around."""
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "TritonPythonModel"]
    if len(found) != 1 or found[0].decorator_list or found[0].keywords:
        return None
    inside = {id(node) for node in ast.walk(found[0])}
    for node in ast.walk(tree):
        same = isinstance(node, ast.Name) and node.id == "TritonPythonModel" and id(node) not in inside
        if same or (node is not found[0] and "TritonPythonModel" in bound_names(node)):
            return None
    return found[0]


def binds_model(tree: ast.Module) -> bool:
    """Whether the name TritonPythonModel may come about, in whatever way."""
    return any("TritonPythonModel" in names or "*" in names for node in ast.walk(tree) if (names := bound_names(node)))


def bound_names(node: ast.AST) -> set[str]:
    """The names that a node gives a value to, wherever they are known; "*" for names that are not written out."""
    if isinstance(node, ast.ImportFrom | ast.Import):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if isinstance(node, ast.arg):
        return {node.arg}
    if isinstance(node, ast.Global | ast.Nonlocal):
        return set(node.names)
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    # definitions, `except … as`, patterns and type parameters
    name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name", None)
    return {name} if isinstance(name, str) and not isinstance(node, ast.alias) else set()


def method(owner: ast.ClassDef, name: str) -> Function | None:
    """The only definition of a method in the class itself; None where there is none, or another way to it."""
    found = [node for node in owner.body if isinstance(node, Function) and node.name == name]
    return found[0] if len(found) == 1 and len(_bindings(owner, name)) == 1 else None


def lacks(owner: ast.ClassDef, name: str) -> bool:
    """Whether nothing gives the class a method of that name, inherited ones included."""
    return not owner.bases and not _bindings(owner, name) and not _bindings(owner, "__getattr__")


def _bindings(owner: ast.ClassDef, name: str) -> list[ast.AST]:
    waiting, found = list[ast.AST](owner.body), list[ast.AST]()
    while waiting:
        node = waiting.pop()
        if bound_names(node) & {name, "*"}:
            found.append(node)
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return found


def takes(function: Function, count: int) -> bool:
    """Whether a function can be called with `count` positional arguments; decorated ones are taken as they are."""
    arguments = function.args
    most = len(arguments.posonlyargs) + len(arguments.args)
    least = most - len(arguments.defaults)
    needed = [default for default in arguments.kw_defaults if default is None]
    return not needed and least <= count and (count <= most or arguments.vararg is not None)


def decorators(function: Function) -> set[str]:
    return {node.id if isinstance(node, ast.Name) else "?" for node in function.decorator_list}


def functions_at_load(tree: ast.Module) -> Iterator[Function]:
    """The methods that Triton calls when it loads the model, as far as it is certain that their bodies run."""
    owner = model_class(tree)
    for name in AT_LOAD if owner else ():
        function = method(owner, name) if owner else None
        if (
            function is not None
            and decorators(function) <= {"staticmethod", "classmethod"}
            and runs_when_called(function)
        ):
            yield function


def imports_at_load(tree: ast.Module) -> Iterator[Import]:
    """What is imported when Triton loads the model, apart from what the source is prepared to miss."""
    yield from _imports(tree.body)
    for function in functions_at_load(tree):
        yield from _imports(function.body)


def _imports(body: list[ast.stmt]) -> Iterator[Import]:
    for node in certain(body):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, 0, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names if alias.name != "*")
            yield Import(node.module or "", node.level, node.lineno, names)
        elif isinstance(node, ast.Try):
            # what is caught may be missing; the rest runs in any case
            yield from _imports([*([] if node.handlers else node.body), *node.finalbody])
        elif isinstance(node, ast.ClassDef):
            yield from _imports(node.body)

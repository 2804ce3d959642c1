"""A Python model's source as a tree: what it defines and imports. It is never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef

_AT_LOAD = ("initialize", "auto_complete_config", "__init__")


@dataclass(frozen=True)
class Import:
    """module: the dotted name; level: how many dots before it; names: what is taken of it."""

    module: str
    level: int
    line: int
    names: tuple[str, ...] = ()


def parse_source(source: bytes) -> ast.Module | SyntaxError | ValueError:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        return error


def model_class(tree: ast.Module) -> ast.ClassDef | None:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "TritonPythonModel"]
    return classes[-1] if classes else None


def binds_model(tree: ast.Module) -> bool:
    """Whether the name TritonPythonModel may come about in another way than by a class at the top level."""
    return any("TritonPythonModel" in names or "*" in names for node in ast.walk(tree) if (names := bound_names(node)))


def bound_names(node: ast.AST) -> set[str]:
    """The names that a node gives a value to, wherever they are known; "*" for names that are not written out."""
    if isinstance(node, ast.ImportFrom | ast.Import):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ClassDef | Function):
        return {node.name}
    if isinstance(node, ast.arg):
        return {node.arg}
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        return {node.name}
    return {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()


def method(owner: ast.ClassDef, name: str) -> Function | None:
    found = [node for node in owner.body if isinstance(node, Function) and node.name == name]
    return found[-1] if found else None


def takes(function: Function, count: int) -> bool:
    """Whether a function can be called with `count` positional arguments; decorated ones are taken as they are."""
    arguments = function.args
    most = len(arguments.posonlyargs) + len(arguments.args)
    least = most - len(arguments.defaults)
    needed = [default for default in arguments.kw_defaults if default is None]
    return not needed and least <= count and (count <= most or arguments.vararg is not None)


def decorators(function: Function) -> set[str]:
    return {node.id if isinstance(node, ast.Name) else "?" for node in function.decorator_list}


def imports_at_load(tree: ast.Module) -> Iterator[Import]:
    """What is imported when Triton loads the model, apart from what the source is prepared to miss."""
    yield from _imports(tree.body)
    owner = model_class(tree)
    if owner is not None:
        for name in _AT_LOAD:
            function = method(owner, name)
            if function is not None:
                yield from _imports(function.body)


def _imports(body: list[ast.stmt]) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, 0, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names if alias.name != "*")
            yield Import(node.module or "", node.level, node.lineno, names)
        elif isinstance(node, ast.Try):
            # what is caught may be missing; the rest runs in any case
            yield from _imports([*([] if node.handlers else node.body), *node.finalbody])
        elif isinstance(node, ast.With | ast.ClassDef):
            yield from _imports(node.body)

"""Which parts of a source are run in any case, and which sources can't be judged by reading them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
_LEAVING = ast.Return | ast.Break | ast.Continue
# parts of them are not run, or later, or their failure may be caught
_PERHAPS = (
    *(ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.Compare, ast.Await, ast.Yield, ast.YieldFrom),
)
_DYNAMIC_NAMES = frozenset(
    {"exec", "eval", "compile", "globals", "locals", "vars", "setattr", "delattr", "__import__", "__dict__"}
)
_DYNAMIC_ATTRIBUTES = frozenset({"__dict__", "__path__", "meta_path", "path_hooks", "modules", "addsitedir", "f_back"})
_DYNAMIC_MODULES = frozenset({"importlib", "imp", "builtins", "runpy", "site", "pkgutil", "inspect", "zipimport"})


def certain(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that are run whenever `body` is: up to the first that may leave it."""
    for statement in body:
        yield statement
        # a raise further inside is either caught, or loading fails all the same
        if isinstance(statement, ast.Raise) or any(isinstance(node, _LEAVING) for node in own_nodes(statement)):
            return


def certain_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Every node that is run whenever `body` is; bodies of `with` are left out, as it may catch what fails there."""
    for statement in certain(body):
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.Return):
            yield from _inside(statement)
        elif isinstance(statement, ast.With):
            yield from _inside(statement.items[0])


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, without the bodies of functions and classes that it defines."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if not isinstance(current, _SCOPES):
            waiting += ast.iter_child_nodes(current)


def body_nodes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """All nodes of a function's own body."""
    for statement in function.body:
        yield from own_nodes(statement)


def runs_when_called(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a call runs the body: not of a coroutine or a generator."""
    return isinstance(function, ast.FunctionDef) and not any(
        isinstance(node, ast.Yield | ast.YieldFrom) for node in body_nodes(function)
    )


def is_dynamic(tree: ast.Module) -> bool:
    """Whether the source makes names or finds modules while it runs, so that reading it is not enough."""
    return any(_dynamic(node) for node in ast.walk(tree))


def _dynamic(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _DYNAMIC_NAMES
    if isinstance(node, ast.Attribute):
        of_sys = isinstance(node.value, ast.Name) and node.value.id == "sys" and node.attr == "path"
        return of_sys or node.attr in _DYNAMIC_ATTRIBUTES
    if isinstance(node, ast.Import):
        return any(_of_dynamic_module(alias.name) or (alias.name == "sys" and alias.asname) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return _of_dynamic_module(node.module or "") or (
            node.module == "sys" and any(alias.name in ("path", "modules", "*") for alias in node.names)
        )
    return False


def _of_dynamic_module(name: str) -> bool:
    return name.partition(".")[0] in _DYNAMIC_MODULES


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, _PERHAPS):
        return
    for child in ast.iter_child_nodes(node):
        yield from _inside(child)

"""What `auto_complete_config` of a Python model adds, read from its source where that is written out plainly.

A small part of Python is followed, step by step, on the configuration itself; whatever else is met makes the whole
unclear.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable
from typing import Any, cast

from google.protobuf.json_format import ParseError

from sightline_backend.model_config import Config
from sightline_export.lint.config_text import normalised
from sightline_export.lint.python_calls import CONFIG, Unclear, call
from sightline_export.lint.python_flow import is_dynamic
from sightline_export.lint.python_source import bound_names, decorators, lacks, method, model_class
from sightline_export.lint.python_values import Known, constants, value

_MOST_STEPS = 10_000


def completed(tree: ast.Module, config: Config) -> Config | None:
    """The configuration after `auto_complete_config`; None where the source does not say it plainly.

    Raises:
        Refused: it contradicts the configuration.
    """
    owner = model_class(tree)
    if owner is None or is_dynamic(tree):
        return None
    function = method(owner, "auto_complete_config")
    if function is None:
        return config if lacks(owner, "auto_complete_config") else None
    arguments = function.args.args
    if not arguments or decorators(function) not in ({"staticmethod"}, {"classmethod"}, set[str]()):
        return None
    config = copy.deepcopy(config)
    known: Known = {**constants(tree, owner), arguments[-1].arg: CONFIG}
    try:
        _Follower(config, known).run(function.body)
    except _Returned:
        return _readable(config)
    except (Unclear, TypeError, LookupError, AttributeError):
        pass  # entries of the configuration may be of any form once the source has added to them
    return None


def _readable(config: Config) -> Config | None:
    try:
        return normalised(config)
    except (ParseError, TypeError, ValueError, AttributeError):
        return None  # Triton may read what is added more freely than protobuf does


class _Returned(Exception):
    """A return statement was reached."""


class _Follower:
    def __init__(self, config: Config, known: Known) -> None:
        self.config, self.known, self.left = config, known, _MOST_STEPS

    def run(self, body: Iterable[ast.stmt]) -> None:
        for node in body:
            self.left -= 1
            if self.left < 0:
                raise Unclear
            self._step(node)

    def _step(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Return():
                raise _Returned
            case ast.If(test=test, body=body, orelse=other):
                self.run(body if value(test, self.known, self.config) else other)
            case ast.For(target=ast.Name(id=name), iter=elements, body=body, orelse=[]):
                for one in _elements(value(elements, self.known, self.config)):
                    self.known[name] = one
                    self.run(body)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=new) | ast.AnnAssign(target=ast.Name(id=name), value=new)
            ):
                self._assign(name, new)
            case ast.Expr(value=ast.Call() as node):
                self._call(node)
            case ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                for name in bound_names(statement):
                    self.known.pop(name, None)
            case _:
                raise Unclear

    def _assign(self, name: str, new: ast.expr | None) -> None:
        try:
            self.known[name] = value(new, self.known, self.config) if new else None
        except Unclear:
            # a value that is not known is one thing, the configuration handed to somebody another
            if new is None or self._touches(new):
                raise
            self.known.pop(name, None)

    def _call(self, node: ast.Call) -> None:
        target = node.func
        if isinstance(target, ast.Attribute):
            owner = self.known.get(target.value.id) if isinstance(target.value, ast.Name) else None
            arguments = [value(one, self.known, self.config) for one in node.args] if owner is not None else []
            if owner is CONFIG and not node.keywords:
                call(target.attr, node.lineno, copy.deepcopy(arguments), self.config)
                return
            if isinstance(owner, list) and target.attr == "append" and len(arguments) == 1:
                cast("list[Any]", owner).append(arguments[0])
                return
        if self._touches(node) or not _is_message(node):
            raise Unclear

    def _touches(self, node: ast.AST) -> bool:
        """Whether a part of the source names something that it could change."""
        return any(
            isinstance(child, ast.Name) and (self.known.get(child.id) is CONFIG or _mutable(self.known.get(child.id)))
            for child in ast.walk(node)
        )


def _mutable(known: object) -> bool:
    return isinstance(known, list | dict)


def _is_message(node: ast.Call) -> bool:
    """Calls that only tell somebody something."""
    if isinstance(node.func, ast.Name):
        return node.func.id == "print"
    return isinstance(node.func, ast.Attribute) and node.func.attr in (
        *("log", "log_info", "log_warn", "log_error", "log_verbose", "debug", "info", "warning", "error"),
    )


def _elements(found: object) -> list[Any]:
    if not isinstance(found, list | tuple):
        raise Unclear
    return list(cast("list[Any]", found))

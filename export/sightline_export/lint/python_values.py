"""Values of expressions of a foreign source, worked out without running it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias, cast

from sightline_backend.model_config import Config
from sightline_export.lint.python_calls import CONFIG, Unclear
from sightline_export.lint.python_flow import own_nodes
from sightline_export.lint.python_source import bound_names

Known: TypeAlias = dict[str, Any]
"""Names with their values."""


def constants(tree: ast.Module, owner: ast.ClassDef) -> Known:
    """Literals of the module and of the class that nothing else binds or changes."""
    bound = Counter(name for node in ast.walk(tree) for name in bound_names(node))
    bound.update(_changed(tree))
    top = [node for statement in (*tree.body, *owner.body) for node in own_nodes(statement)]
    used = {node.id for node in top if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    found: Known = {}
    for node in (*tree.body, *owner.body):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=literal) if bound[name] == 1 and name not in used:
                try:
                    found[name] = ast.literal_eval(literal)
                except (ValueError, TypeError, SyntaxError):
                    continue
            case _:
                continue
    return found


def _changed(tree: ast.Module) -> Iterator[str]:
    """Names whose values may be changed in place, by a method or by a key."""
    for node in ast.walk(tree):
        changes = isinstance(node, ast.Attribute) or (
            isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
        )
        if changes and isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name):
            yield node.value.id


def value(node: ast.expr, known: Known, config: Config) -> Any:
    """The value of an expression.

    Raises:
        Unclear: it is none of those that are followed.
    """

    def of(inner: ast.expr) -> Any:
        return value(inner, known, config)

    match node:
        case ast.Constant(value=constant):
            return constant
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.Attribute(value=ast.Name(id="TritonPythonModel" | "cls"), attr=name) if name in known:
            return known[name]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [of(one) for one in elements] if isinstance(node, ast.List) else tuple(of(one) for one in elements)
        case ast.Dict(keys=keys, values=values):
            return {_key(of(key) if key else []): of(one) for key, one in zip(keys, values, strict=True)}
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=pairs) if all(pair.arg for pair in pairs):
            return {str(pair.arg): of(pair.value) for pair in pairs}
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="as_dict"), args=[], keywords=[]):
            return config if known.get(name) is CONFIG else _unclear()
        case ast.Call(func=ast.Name(id="len"), args=[one], keywords=[]):
            return len(_sized(of(one)))
        case ast.Subscript():
            return _item(of(node.value), of(node.slice))
        case ast.UnaryOp(op=ast.Not()):
            return not _plain(of(node.operand))
        case ast.UnaryOp(op=ast.USub()):
            return -_number(of(node.operand))
        case ast.BoolOp():
            found = _plain(of(node.values[0]))
            for one in node.values[1:]:
                found = found if bool(found) is isinstance(node.op, ast.Or) else _plain(of(one))
            return found
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compared(of(left), operator, of(right))
        case ast.ListComp(elt=inner, generators=[ast.comprehension(target=ast.Name(id=name), ifs=[]) as loop]):
            return [value(inner, {**known, name: one}, config) for one in _sized(of(loop.iter))]
        case _:
            raise Unclear


def _unclear() -> Any:
    raise Unclear


def _plain(found: Any) -> Any:
    known = found is None or isinstance(found, bool | int | float | str | list | dict | tuple)
    return cast(Any, found) if known else _unclear()


def _key(found: Any) -> Any:
    return found if isinstance(found, str | int) else _unclear()


def _number(found: Any) -> Any:
    return found if isinstance(found, int | float) else _unclear()


def _sized(found: Any) -> Any:
    return cast(Any, found) if isinstance(found, str | list | dict | tuple) else _unclear()


def _item(owner: Any, key: Any) -> Any:
    try:
        return owner[key]
    except (KeyError, IndexError, TypeError):
        raise Unclear from None


def _compared(left: Any, operator: ast.cmpop, right: Any) -> bool:
    match operator:
        case ast.Eq():
            return bool(_plain(left) == _plain(right))
        case ast.NotEq():
            return bool(_plain(left) != _plain(right))
        case ast.In():
            return _plain(left) in _sized(right)
        case ast.NotIn():
            return _plain(left) not in _sized(right)
        case ast.Lt():
            return bool(_number(left) < _number(right))
        case ast.Gt():
            return bool(_number(left) > _number(right))
        case ast.Is() if right is None:
            return _plain(left) is None
        case ast.IsNot() if right is None:
            return _plain(left) is not None
        case _:
            raise Unclear

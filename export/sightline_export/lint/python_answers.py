"""Tensors that `execute` asks for or answers with, by names that are written out in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from sightline_export.lint.python_source import method, model_class
from sightline_export.lint.tensors import Way


@dataclass(frozen=True)
class Named:
    """way: input or output."""

    way: Way
    name: str
    line: int


def named_tensors(tree: ast.Module) -> Iterator[Named]:
    """What `execute` names; nothing where it asks other models too, whose tensors have names of their own."""
    owner = model_class(tree)
    function = method(owner, "execute") if owner else None
    if function is None or any(_called(node) == "InferenceRequest" for node in ast.walk(tree)):
        return
    # whoever compares with None is prepared for an input that is not there
    careful = any(isinstance(node, ast.Constant) and node.value is None for node in ast.walk(function))
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        name, texts = _called(node), [_text(argument) for argument in node.args]
        if name == "Tensor" and texts and texts[0]:
            yield Named("output", texts[0], node.lineno)
        elif name == "get_input_tensor_by_name" and not careful and len(texts) == 2 and texts[1]:
            yield Named("input", texts[1], node.lineno)


def attributes(tree: ast.Module) -> set[str]:
    """Every attribute that the source asks anything for."""
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""

"""The class TritonPythonModel of a Python model: whether Triton can make it and call its methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.python_flow import body_nodes, is_dynamic
from sightline_export.lint.python_source import binds_model, decorators, lacks, method, model_class, takes


def check_class(model: Model, path: Path, tree: ast.Module) -> Iterator[Finding]:
    owner = model_class(tree)
    if owner is None:
        if not binds_model(tree):
            yield (model.warning_in if is_dynamic(tree) else model.error_in)(
                path,
                None,
                "python-class",
                "the class TritonPythonModel",
                "none",
                "name the model's class TritonPythonModel",
            )
        return
    for name, count, what in (
        ("__init__", 1, "self"),
        ("initialize", 2, "self, args"),
        ("execute", 2, "self, requests"),
    ):
        function = method(owner, name)
        if function is not None and not decorators(function) and not takes(function, count):
            finding = model.error_in(
                path, function.lineno, "python-method", f"{name}({what})", "other arguments", "correct its arguments"
            )
            yield finding if name != "execute" else later(finding)
    if lacks(owner, "execute") and not is_dynamic(tree):
        yield later(
            model.error_in(
                path,
                owner.lineno,
                "python-execute",
                "a method execute(self, requests)",
                "none",
                "add it: every request fails",
            )
        )
    yield from _check_completion(model, path, owner)


def _check_completion(model: Model, path: Path, owner: ast.ClassDef) -> Iterator[Finding]:
    function = method(owner, "auto_complete_config")
    if function is None:
        return
    marks = decorators(function)
    if "?" not in marks and not takes(function, 2 if "classmethod" in marks else 1):
        yield model.error_in(
            path,
            function.lineno,
            "python-method",
            "a static method auto_complete_config(config)",
            "other arguments",
            "write @staticmethod above it, and one argument",
        )
    ends = [node for node in body_nodes(function) if isinstance(node, ast.Yield | ast.YieldFrom | ast.Return)]
    raises = any(isinstance(node, ast.Raise) for node in function.body)
    if not any(node.value is not None for node in ends) and not raises and marks <= {"staticmethod", "classmethod"}:
        yield model.error_in(
            path,
            function.lineno,
            "python-method",
            "auto_complete_config to return its argument",
            "nothing returned",
            "return it",
        )


def later(finding: Finding) -> Finding:
    """A mistake that shows only when the model is asked."""
    return replace(finding, answers=True)

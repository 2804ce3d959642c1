"""Whether the imports of a Python model are there when Triton loads it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.machinery import all_suffixes
from pathlib import Path

from sightline_backend.model_config import string_parameters
from sightline_export.lint.findings import Finding
from sightline_export.lint.machine import Machine
from sightline_export.lint.model import Model
from sightline_export.lint.python_flow import is_dynamic
from sightline_export.lint.python_source import Import, imports_at_load
from sightline_export.lint.readable import is_file, is_folder
from sightline_export.lint.stub_parameters import ENVIRONMENT

_OF_TRITON = frozenset({"triton_python_backend_utils", "c_python_backend_utils"})


def check_imports(model: Model, path: Path, tree: ast.Module, machine: Machine) -> Iterator[Finding]:
    if ENVIRONMENT in string_parameters(model.config):
        return  # another Python than the server's, which is not asked
    # modules of its own may change where others are looked for, as the source itself may
    tell = model.warning_in if is_dynamic(tree) or uses_own_modules(tree, path.parent) else model.error_in
    for one in dict.fromkeys(imports_at_load(tree)):
        if not _found(one, path.parent, machine):
            names = f" with {', '.join(one.names)}" if one.names else ""
            yield tell(
                path,
                one.line,
                "import-missing",
                f"the module {'.' * one.level}{one.module}{names} where Triton runs it",
                "none",
                "install it into the runtime environment, or put it beside the model",
            )


def uses_own_modules(tree: ast.Module, folder: Path) -> bool:
    """Whether the source imports, anywhere, what lies beside it: more code than is looked at."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            return True
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(_own(folder, name.partition(".")[0]) for name in names):
            return True
    return False


def _found(one: Import, folder: Path, machine: Machine) -> bool:
    top = one.module.partition(".")[0]
    if one.level:
        return one.level == 1 and (not top or _beside(folder, top))
    return (
        top in _OF_TRITON
        or _own(folder, top)
        or machine.python_modules is None
        or all(
            machine.python_modules(f"{one.module}:{name}")
            for name in (one.names if top in sys.stdlib_module_names else ("",)) or ("",)
        )
    )


def _own(folder: Path, name: str) -> bool:
    return _beside(folder, name) or _beside(folder.parent, name)


def _beside(folder: Path, name: str) -> bool:
    return (
        is_folder(folder / name)
        or any(is_file(folder / f"{name}{suffix}") for suffix in all_suffixes())
        or any(folder.glob(f"{name}.*.so"))
    )

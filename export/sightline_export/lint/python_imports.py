"""Whether the imports of a Python model are there when Triton loads it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from sightline_backend.model_config import string_parameters
from sightline_export.lint.findings import Finding
from sightline_export.lint.machine import Machine
from sightline_export.lint.model import Model
from sightline_export.lint.python_source import Import, imports_at_load
from sightline_export.lint.stub_parameters import ENVIRONMENT

_OF_TRITON = frozenset({"triton_python_backend_utils", "c_python_backend_utils"})


def check_imports(model: Model, path: Path, tree: ast.Module, machine: Machine) -> Iterator[Finding]:
    if ENVIRONMENT in string_parameters(model.config):
        return  # another Python than the server's, which is not asked
    for one in dict.fromkeys(imports_at_load(tree)):
        if not _found(one, path.parent, machine):
            names = f" with {', '.join(one.names)}" if one.names else ""
            yield model.error_in(
                path,
                one.line,
                "import-missing",
                f"the module {'.' * one.level}{one.module}{names} where Triton runs it",
                "none",
                "install it into the runtime environment, or put it beside the model",
            )


def _found(one: Import, folder: Path, machine: Machine) -> bool:
    top = one.module.partition(".")[0]
    if one.level:
        return one.level == 1 and (not top or _beside(folder, top))
    return (
        top in _OF_TRITON
        or _beside(folder, top)
        or _beside(folder.parent, top)
        or machine.python_modules is None
        or all(
            machine.python_modules(f"{one.module}:{name}")
            for name in (one.names if top in sys.stdlib_module_names else ("",)) or ("",)
        )
    )


def _beside(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name).is_dir() or any(folder.glob(f"{name}.*.so"))

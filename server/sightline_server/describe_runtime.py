"""Prints what a Python environment holds, as one line of JSON.

This file is run by the Python of the *runtime* environment (`python describe_runtime.py [--import]`), so it uses the
standard library only and imports nothing of `sightline_server`. With `--import` the packages are really imported,
which takes longer and finds broken installations too.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import sys
import sysconfig
from pathlib import Path

MODULES = {
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "sightline-backend": "sightline_backend",
}


def version_of(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def tritonserver_folder() -> str | None:
    spec = importlib.util.find_spec("pytriton")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location, "tritonserver")
        if Path(folder, "bin", "tritonserver").is_file():
            return str(folder)
    return None


def import_problem(module: str, really_import: bool) -> str | None:
    try:
        if really_import:
            importlib.import_module(module)
        elif importlib.util.find_spec(module) is None:
            return f"No module named {module!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def main(really_import: bool) -> None:
    problems: dict[str, str] = {}
    backends = None
    try:
        backends = str(importlib.import_module("sightline_backend.backends").directory())
    except Exception as error:
        problems["sightline-backend"] = f"{type(error).__name__}: {error}"
    for distribution, module in MODULES.items():
        problem = import_problem(module, really_import)
        if problem is not None:
            problems.setdefault(distribution, problem)
    print(
        json.dumps(
            {
                "version": list(sys.version_info[:3]),
                "prefix": sys.prefix,
                "packages": {name: version_of(name) for name in (*MODULES, "nvidia-pytriton")},
                "problems": problems,
                "backends": backends,
                "tritonserver": tritonserver_folder(),
                "library_directory": sysconfig.get_config_var("LIBDIR"),
                "library_name": sysconfig.get_config_var("INSTSONAME"),
            }
        )
    )


if __name__ == "__main__":
    main("--import" in sys.argv[1:])

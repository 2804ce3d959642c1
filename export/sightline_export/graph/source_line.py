"""Where in people's own code a tracer's error arose."""

from __future__ import annotations

import linecache
import re
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

_INSTALLED = re.compile(r"[\\/](site|dist)-packages[\\/]")
_TORCH = re.compile(_INSTALLED.pattern + r"(torch|functorch|onnx\w*)[\\/]")
_PYTHON = sysconfig.get_paths()["stdlib"]
_PACKAGE = Path(__file__).parents[1]
_WRAPPERS = (str(_PACKAGE / "trace.py"), str(_PACKAGE / "tasks"))  # what this project puts around a network
_IN_TEXT = (
    re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\w+)'),
    re.compile(r"Caused by: \((?P<file>[^():]+):(?P<line>\d+) in (?P<function>\w+)\)"),
)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, the outermost first."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def source_line(error: BaseException) -> str | None:
    """`file.py:12: the code there`, for the innermost line of people's own code; None where the error carries none."""
    errors = list(chain(error))[::-1]
    for one in errors:
        if places := [(frame.f_code.co_filename, line) for frame, line in called_by_torch(one.__traceback__)]:
            return written(*places[-1])
    for one in errors:
        if place := _of_node(one) or _of_text(str(one)):
            return written(*place)
    return None


def called_by_torch(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    """People's own frames of a traceback, which are those that the tracer called."""
    inside = False
    for frame, line in traceback.walk_tb(trace):
        name = frame.f_code.co_filename
        if _TORCH.search(name):
            inside = True
        elif inside and is_own(name):
            yield frame, line


def is_own(file: str) -> bool:
    """Whether a file may be the network's: neither the tracer's nor Python's nor this project's, nor made up.

    The model definitions of torchvision and timm count as people's own: they are what is traced.
    """
    return not (
        file.startswith(("<", *_WRAPPERS))
        or _TORCH.search(file)
        or (file.startswith(_PYTHON) and not _INSTALLED.search(file))
    )


def written(file: str, line: int) -> str:
    """The place as people read it, the path relative to the working or the library's folder where it can be.

    >>> written("/nowhere/net.py", 3)
    '/nowhere/net.py:3'
    """
    code = linecache.getline(file, line).strip()
    path = Path(_INSTALLED.split(file)[-1])
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return f"{path}:{line}: {code}" if code else f"{path}:{line}"


def _of_text(text: str) -> tuple[str, int] | None:
    for pattern in _IN_TEXT:
        own = [match for match in pattern.finditer(text) if is_own(match["file"]) and Path(match["file"]).exists()]
        if own:
            return own[-1]["file"], int(own[-1]["line"])
    return None


def _of_node(error: BaseException) -> tuple[str, int] | None:
    """Of the node that was being translated: torch.onnx keeps its origin, but not in the message."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        meta: Any = getattr(frame.f_locals.get("node"), "meta", None)
        if hasattr(meta, "get") and (place := _of_text(str(meta.get("stack_trace", "")))):
            return place
    return None

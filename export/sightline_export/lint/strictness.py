"""What the text format of C++, which Triton uses, refuses and that of Python takes."""

from __future__ import annotations

import re

_TEXT = re.compile(
    r"""\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?P<wrong>[^\x00-\x7f]|(?<![\w.])\+)""",
)


def refused_character(text: str) -> int | None:
    """Where the first character is that only Python takes: a plus before a number, or a space that is not ASCII."""
    return next((found.start() for found in _TEXT.finditer(text) if found["wrong"]), None)

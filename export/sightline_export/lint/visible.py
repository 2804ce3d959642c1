"""Texts of foreign files in messages: one line, and nothing that a terminal would act on or could not show."""

from __future__ import annotations


def visible(text: str) -> str:
    r"""The text with escapes for whatever can't be printed: line breaks, control characters, bytes that are no UTF-8.

    >>> visible("cat\ndog")
    'cat\\ndog'
    """
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)

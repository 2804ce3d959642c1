"""Edits of a `config.pbtxt` that keep everything else as it is: comments, order and spacing."""

from __future__ import annotations

import json
import re
from itertools import pairwise

from sightline_export.lint.findings import Edit
from sightline_export.lint.locate import Field, Fields, Path

_SEPARATOR = re.compile(r"\s*[,;]")


def replacement(fields: Fields, path: Path, value: str) -> list[Edit]:
    """Another value for a field; nothing where the text has no such field."""
    found = fields.find(path)
    return [Edit(found.start, found.end, value)] if found else []


def removal(fields: Fields, path: Path) -> list[Edit]:
    """A field taken out, however often it is there; or one element of a list, where the path ends in a number.

    What is alone on its line goes with the line; comments stay.
    """
    found = fields.find(path)
    if found is None:
        return []
    name = next(step for step in reversed(path) if isinstance(step, str))
    element = isinstance(path[-1], int)
    all_found = fields.all((*(path[:-2] if element else path[:-1]), name))
    if not element:
        return [_without(fields.text, one) for one in {one.whole_start: one for one in all_found}.values()]
    beside = [one for one in all_found if one.whole_start == found.whole_start]
    if len(beside) == 1:
        return [_without(fields.text, found)]
    return _out_of_list(fields, beside, beside.index(found))


def setting(fields: Fields, path: Path, value: str) -> list[Edit]:
    """A field with this value: replaced where it is, else added to the message around it (or to the whole text)."""
    return replacement(fields, path, value) or insertion(fields, path[:-1], f"{path[-1]}: {value}")


def dims(fields: Fields, path: Path, values: tuple[int, ...]) -> list[Edit]:
    """A repeated number with these values: those that are there in their places, so that comments stay."""
    found = fields.all(path)
    if not found:
        return insertion(fields, path[:-1], f"{path[-1]}: [{', '.join(map(str, values))}]")
    if not values:
        return removal(fields, path)
    texts = [str(value) for value in values]
    last = min(len(found), len(texts)) - 1
    more = ", ".join(texts[last:])
    if len(texts) > len(found):  # a number of its own becomes a list
        texts[last] = more if _in_brackets(fields, found[last]) else f"[{more}]"
    edits = [
        Edit(one.start, one.end, text)
        for one, text in zip(found, texts, strict=False)
        if fields.text[one.start : one.end] != text
    ]
    kept = found[last].whole_start
    for previous, one in pairwise(found[len(texts) - 1 :]):
        if one.whole_start == kept:
            edits += _with_comma_before(fields, previous, one)
        elif one.whole_start != previous.whole_start:  # a list that goes as a whole
            edits.append(_without(fields.text, one))
    return edits


def insertion(fields: Fields, parent: Path, text: str) -> list[Edit]:
    """A line added at the end of a message; of the whole text where `parent` is empty."""
    newline = "\r\n" if "\r\n" in fields.text else "\n"
    text = text.replace("\n", newline)
    if not parent:
        end = len(fields.text)
        return [Edit(end, end, ("" if not end or fields.text.endswith("\n") else newline) + text + newline)]
    found = fields.find(parent)
    if found is None or found.end - found.start < 2:
        return []
    indent = _indent(fields.text, found)
    at = found.end - 1
    line_start = fields.text.rfind("\n", 0, at) + 1
    if fields.text[line_start:at].strip():  # the brace is not alone on its line
        return [Edit(at, at, f" {text} ")]
    return [Edit(line_start, line_start, f"{indent}{text}{newline}")]


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _out_of_list(fields: Fields, beside: list[Field], index: int) -> list[Edit]:
    """One of several elements of a list, with the comma after it, or before it where it is the last."""
    found = beside[index]
    if index + 1 == len(beside):
        return _with_comma_before(fields, beside[index - 1], found)
    comma = fields.comma(found.end, beside[index + 1].start)
    if comma is None:
        return []
    end = _end_of_blanks(fields.text, comma + 1)
    return (
        [Edit(found.start, end, "")] if comma == found.end else [Edit(found.start, found.end, ""), Edit(comma, end, "")]
    )


def _with_comma_before(fields: Fields, previous: Field, found: Field) -> list[Edit]:
    comma = fields.comma(previous.end, found.start)
    if comma is None:
        return []
    if not fields.text[comma + 1 : found.start].strip():
        return [Edit(comma, found.end, "")]
    return [Edit(comma, comma + 1, ""), Edit(found.start, found.end, "")]  # there is a comment between


def _in_brackets(fields: Fields, found: Field) -> bool:
    return found.whole_end > found.end


def _end_of_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _without(text: str, found: Field) -> Edit:
    start, end = found.whole_start, max(found.end, found.whole_end)
    separator = _SEPARATOR.match(text, end)
    end = separator.end() if separator else end
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end + 1
    alone = not text[line_start:start].strip() and not text[end:line_end].strip()
    return Edit(line_start, line_end, "") if alone else Edit(start, end, "")


def _indent(text: str, found: Field) -> str:
    if found.children:
        start = found.children[0].whole_start
        before = text[text.rfind("\n", 0, start) + 1 : start]
        if not before.strip():
            return before
    start = found.whole_start
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return (before if not before.strip() else "") + "  "

"""Edits of a `config.pbtxt` that keep everything else as it is: comments, order and spacing."""

from __future__ import annotations

import json

from sightline_export.lint.findings import Edit
from sightline_export.lint.locate import Field, Fields, Path


def replacement(fields: Fields, path: Path, value: str) -> list[Edit]:
    """Another value for a field; nothing where the text has no such field."""
    found = fields.find(path)
    return [Edit(found.start, found.end, value)] if found else []


def removal(fields: Fields, path: Path) -> list[Edit]:
    """A field, or one element of a list, taken out; with its line where it is alone on it."""
    found = fields.find(path)
    if found is None:
        return []
    name = next(step for step in reversed(path) if isinstance(step, str))
    way = path[: len(path) - 1] if isinstance(path[-1], int) else path
    beside = [one for one in fields.all((*way[:-1], name)) if one.whole_start == found.whole_start]
    if len(beside) == 1:
        return [_without(fields.text, found)]
    index = beside.index(found)
    if index + 1 < len(beside):
        return [Edit(found.start, beside[index + 1].start, "")]
    return [Edit(beside[index - 1].end, found.end, "")]


def setting(fields: Fields, path: Path, value: str) -> list[Edit]:
    """A field with this value: replaced where it is, else added to the message around it (or to the whole text)."""
    return replacement(fields, path, value) or insertion(fields, path[:-1], f"{path[-1]}: {value}")


def dims(fields: Fields, path: Path, values: tuple[int, ...]) -> list[Edit]:
    """A repeated number with these values, whichever way it was written."""
    found = fields.all(path)
    text = f"{path[-1]}: [{', '.join(map(str, values))}]"
    if not found:
        return insertion(fields, path[:-1], text)
    first, *rest = {one.whole_start: one for one in found}.values()
    return [
        Edit(first.whole_start, first.whole_end, text if values else ""),
        *(_without(fields.text, one) for one in rest),
    ]


def insertion(fields: Fields, parent: Path, text: str) -> list[Edit]:
    """A line added at the end of a message; of the whole text where `parent` is empty."""
    if not parent:
        end = len(fields.text)
        return [Edit(end, end, ("" if not end or fields.text.endswith("\n") else "\n") + text + "\n")]
    found = fields.find(parent)
    if found is None or found.end - found.start < 2:
        return []
    indent = _indent(fields.text, found)
    at = found.end - 1
    line_start = fields.text.rfind("\n", 0, at) + 1
    if fields.text[line_start:at].strip():  # the brace is not alone on its line
        return [Edit(at, at, f" {text} ")]
    return [Edit(line_start, line_start, f"{indent}{text}\n")]


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _without(text: str, found: Field) -> Edit:
    start, end = found.whole_start, max(found.end, found.whole_end)
    while end < len(text) and text[end] in ",;":
        end += 1
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

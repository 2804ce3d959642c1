"""Where the fields of a `config.pbtxt` are: the text that protobuf parses, kept with its places.

Only used on text that protobuf has accepted, so it need not refuse anything.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Path = Sequence[str | int]
"""A way to a field, e.g. ("input", 0, "dims"): of a field that occurs several times the number, else the first."""

_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)|(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|[\w.+-]+|[{}<>\[\]:;,]"""
)
_CLOSING = {"{": "}", "<": ">"}


@dataclass
class Field:
    """One occurrence of a field.

    start, end: of the value, braces included. whole_start, whole_end: from its name to its end; elements of a list
    in brackets share them.
    """

    name: str
    start: int
    end: int
    whole_start: int
    whole_end: int = 0
    children: list[Field] = field(default_factory=list["Field"])


class Fields:
    """The fields of a text, by path."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._tokens = [match for match in _TOKEN.finditer(text) if match["skip"] is None]
        self._at = 0
        self.root = Field("", 0, len(text), 0, len(text))
        self.root.children = list(self._fields(None))

    def all(self, path: Path) -> list[Field]:
        """Every occurrence of the last field of `path`; empty where the text has none."""
        *way, last = path
        parent = self.find(way) if way else self.root
        return [child for child in parent.children if child.name == last] if parent else []

    def find(self, path: Path) -> Field | None:
        node = self.root
        for index, step in enumerate(path):
            if isinstance(step, int):
                continue
            following = path[index + 1] if index + 1 < len(path) else 0
            number = following if isinstance(following, int) else 0
            same = [child for child in node.children if child.name == step]
            if number >= len(same):
                return None
            node = same[number]
        return node

    def line(self, path: Path) -> int | None:
        """The 1-based line of a field, or of the nearest field around it; None where there is none."""
        for length in range(len(path), 0, -1):
            found = self.find(path[:length])
            if found is not None:
                return self.line_at(found.whole_start if isinstance(path[length - 1], str) else found.start)
        return None

    def entry(self, path: Path, key: str) -> int | None:
        """Which occurrence of a map field holds the key."""
        for index, found in enumerate(self.all(path)):
            if any(child.name == "key" and self.value(child) == key for child in found.children):
                return index
        return None

    def comma(self, start: int, end: int) -> int | None:
        """The place of the first comma between two places that is not in a comment; None where there is none."""
        return next(
            (token.start() for token in self._tokens if start <= token.start() < end and token.group() == ","), None
        )

    def value(self, found: Field) -> str:
        return self.text[found.start : found.end].strip("\"'")

    def line_at(self, offset: int) -> int:
        return bisect.bisect_right(self._line_starts, offset)

    def _fields(self, closing: str | None) -> Iterator[Field]:
        while self._at < len(self._tokens):
            token = self._take()
            text = token.group()
            if text == closing:
                return
            if text in ",;":
                continue
            if text == "[":  # an extension; Triton has none
                while self._at < len(self._tokens) and self._take().group() != "]":
                    pass
                continue
            yield from self._values(text, token.start())

    def _values(self, name: str, whole_start: int) -> Iterator[Field]:
        if self._peek() == ":":
            self._at += 1
        found: list[Field] = []
        if self._peek() == "[":
            self._at += 1
            while self._at < len(self._tokens) and self._peek() != "]":
                if self._peek() == ",":
                    self._at += 1
                    continue
                found.append(self._value(name, whole_start))
            end = self._take().end() if self._at < len(self._tokens) else len(self.text)
        else:
            found.append(self._value(name, whole_start))
            end = found[-1].end
        for one in found:
            one.whole_end = end
        yield from found

    def _value(self, name: str, whole_start: int) -> Field:
        if self._at >= len(self._tokens):
            return Field(name, len(self.text), len(self.text), whole_start)
        token = self._take()
        value = Field(name, token.start(), token.end(), whole_start)
        if token.group() in _CLOSING:
            value.children = list(self._fields(_CLOSING[token.group()]))
            value.end = self._tokens[self._at - 1].end()
        elif token["string"] is not None:
            while self._at < len(self._tokens) and self._tokens[self._at]["string"] is not None:
                value.end = self._take().end()  # strings beside each other are one
        return value

    def _peek(self) -> str:
        return self._tokens[self._at].group() if self._at < len(self._tokens) else ""

    def _take(self) -> re.Match[str]:
        self._at += 1
        return self._tokens[self._at - 1]

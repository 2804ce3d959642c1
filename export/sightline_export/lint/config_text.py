"""`config.pbtxt` as Triton reads it: parsed with its own protobuf schema, handed on as a plain dictionary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

from sightline_export.lint.nearest import nearest
from sightline_export.lint.strictness import refused_character

Config = dict[str, Any]
"""A configuration as Triton hands it to a backend: every field, with its default where none is given. Messages that
are left out are left out here too."""

# fields of the client's schema that the pinned tritonserver (2.51) does not know yet
TOO_NEW = (("model_metrics",), ("ensemble_scheduling", "max_inflight_requests"))

_PLACE = re.compile(r"^(\d+):(\d+)\s*:\s*(.*)", re.DOTALL)
_UNKNOWN = re.compile(r'Message type "(?P<type>[^"]+)" has no field named "(?P<name>[^"]+)"')
_ENUM = re.compile(r'Enum type "(?P<type>[^"]+)" has no value named (?P<name>\S+?)\.?$')


@dataclass(frozen=True)
class SyntaxMistake:
    """Why a text is no configuration. offset: of the first wrong character."""

    line: int
    column: int
    message: str
    wrong: str = ""
    nearest: str = ""


def decode(content: bytes) -> str:
    """The bytes of a file as a text; bytes that are no UTF-8, which Triton takes, survive."""
    return content.decode("utf-8", errors="surrogateescape")


def encode(text: str) -> bytes:
    """The opposite of `decode`."""
    return text.encode("utf-8", errors="surrogateescape")


def parse(text: str) -> Config | SyntaxMistake:
    """Parse the text of a `config.pbtxt`."""
    message = _new_message()
    try:
        text_format.Parse(text.encode("utf-8", errors="replace").decode(), message)
    except text_format.ParseError as error:
        return _mistake(str(error))
    place = refused_character(text)
    if place is not None:
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        return SyntaxMistake(line, column, f"the character {text[place]!r}")
    return plain(message)


def empty() -> Config:
    """The configuration of a model without `config.pbtxt`."""
    return plain(_new_message())


def normalised(config: Config) -> Config:
    """A configuration that a backend has completed, as Triton reads it back."""
    return plain(json_format.ParseDict(config, _new_message()))


def plain(message: Any) -> Config:
    """A protobuf message as a dictionary: enums as names, 64-bit numbers as numbers, defaults filled in."""
    return {
        name: value
        for field in message.DESCRIPTOR.fields
        if (value := _field(message, name := str(field.name), field)) is not _LEFT_OUT
    }


_LEFT_OUT = object()


def _field(message: Any, name: str, field: Any) -> Any:
    value = getattr(message, name)
    is_message = field.message_type is not None
    if is_message and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return {str(key): plain(value[key]) if inner.message_type is not None else value[key] for key in sorted(value)}
    if field.is_repeated:
        return [plain(one) if is_message else _scalar(one, field) for one in value]
    if (is_message or field.containing_oneof is not None) and not message.HasField(name):
        return _LEFT_OUT
    return plain(value) if is_message else _scalar(value, field)


def _scalar(value: Any, field: Any) -> Any:
    if field.enum_type is None:
        return value
    known = field.enum_type.values_by_number.get(value)
    return str(known.name) if known is not None else str(value)


def _mistake(text: str) -> SyntaxMistake:
    match = _PLACE.match(text)
    line, column, message = (int(match[1]), int(match[2]), match[3]) if match else (1, 1, text)
    message = " ".join(message.split())
    if unknown := _UNKNOWN.search(message):
        return SyntaxMistake(line, column, message, unknown["name"], nearest(unknown["name"], _fields(unknown["type"])))
    if enum := _ENUM.search(message):
        return SyntaxMistake(line, column, message, enum["name"], nearest(enum["name"], _values(enum["type"])))
    return SyntaxMistake(line, column, message)


def _descriptors() -> list[Any]:
    found: list[Any] = []
    waiting = [_new_message().DESCRIPTOR]
    while waiting:
        descriptor = waiting.pop()
        if descriptor not in found:
            found.append(descriptor)
            waiting += [field.message_type for field in descriptor.fields if field.message_type is not None]
    return found


def _fields(message_type: str) -> list[str]:
    for descriptor in _descriptors():
        if descriptor.full_name == message_type:
            return sorted({str(field.name) for field in descriptor.fields} - {path[-1] for path in TOO_NEW})
    return []


def _values(enum_type: str) -> list[str]:
    for field in (field for descriptor in _descriptors() for field in descriptor.fields):
        if field.enum_type is not None and field.enum_type.full_name == enum_type:
            return sorted(str(value.name) for value in field.enum_type.values)
    return []


def _new_message() -> Any:
    # protobuf makes its classes at run time
    return cast(Any, model_config_pb2).ModelConfig()

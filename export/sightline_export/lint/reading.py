"""Reads the configuration of a model's folder."""

from __future__ import annotations

import os
from pathlib import Path

from sightline_export.lint.config_text import TOO_NEW, SyntaxMistake, decode, empty, parse
from sightline_export.lint.findings import Finding
from sightline_export.lint.locate import Fields
from sightline_export.lint.model import Model
from sightline_export.lint.readable import is_file


def read_model(folder: Path, config_name: str | None) -> Model | Finding:
    """Read a model's folder; a Finding where its configuration is none."""
    variant = folder / "configs" / f"{config_name}.pbtxt"
    path = variant if config_name and is_file(variant) else folder / "config.pbtxt"
    file = path.relative_to(folder.parent).as_posix()
    if not os.path.lexists(path):
        return Model(folder.name, folder, file, False, Fields(""), empty())
    try:
        text = decode(path.read_bytes())
    except OSError as error:
        return unreadable(folder, file, error.strerror or "an error of the disk")
    config = parse(text)
    if isinstance(config, SyntaxMistake):
        return _syntax(folder.name, file, config)
    fields = Fields(text)
    return _too_new(folder.name, file, fields) or Model(folder.name, folder, file, True, fields, config)


def unreadable(folder: Path, file: str, found: str) -> Finding:
    """What is to be said of a model of which something can't be read."""
    return Finding(
        folder.name,
        file,
        None,
        "error",
        "config-unreadable",
        "a file that can be read",
        found,
        "make it readable, or write it again",
    )


def _too_new(name: str, file: str, fields: Fields) -> Finding | None:
    for path in TOO_NEW:
        if fields.find(path):
            return Finding(
                name,
                file,
                fields.line(path),
                "error",
                "too-new-field",
                "fields of tritonserver 2.51",
                path[-1],
                "take it out, or serve the model in a newer container",
            )
    return None


def _syntax(name: str, file: str, mistake: SyntaxMistake) -> Finding:
    def finding(rule: str, expected: str, edit: str) -> Finding:
        return Finding(name, file, mistake.line, "error", rule, expected, mistake.message, edit)

    if mistake.nearest:
        return finding(
            "unknown-field" if "no field named" in mistake.message else "unknown-value",
            "names of Triton's model configuration",
            f"write {mistake.nearest} instead of {mistake.wrong}",
        )
    if mistake.wrong:
        return finding("unknown-field", "names of Triton's model configuration", f"take {mistake.wrong} out")
    if "multiple" in mistake.message:
        return finding("field-twice", "each of these fields once", "take one of them out")
    return finding("config-syntax", "text that protobuf can parse", f"correct it at column {mistake.column}")

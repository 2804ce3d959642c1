"""The names of models."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sightline_export.lint.edits import quoted, replacement
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model

# tritonserver 2.51 starts every Python process through an unquoted `bash -c`
_SHELL_SAFE = re.compile(r"[A-Za-z0-9_./+:@%=,-]+")


def check_name(model: Model) -> Iterator[Finding]:
    if model.config["name"] not in ("", model.name):
        yield model.error(
            "name-differs",
            ("name",),
            f"the name of the folder, {model.name!r}",
            repr(model.config["name"]),
            "write the folder's name, or leave the name out",
            replacement(model.fields, ("name",), quoted(model.name)),
        )
    if not _SHELL_SAFE.fullmatch(model.name) and not model.is_ensemble:
        yield model.error(
            "name-unsafe",
            (),
            "a name of letters, digits, _ . and -",
            f"{model.name!r}, which tritonserver passes through a shell and then waits for ever",
            "rename the folder and the name in its config.pbtxt",
        )

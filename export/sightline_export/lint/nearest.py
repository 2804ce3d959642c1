"""The name that somebody meant who wrote another."""

from __future__ import annotations

import difflib

# what other formats call the same
_OTHER_NAMES = {
    "shape": "dims",
    "dtype": "data_type",
    "type": "data_type",
    "model": "model_name",
    "version": "model_version",
    "type_bytes": "TYPE_STRING",
    "bytes": "TYPE_STRING",
    "string": "TYPE_STRING",
    "float": "TYPE_FP32",
    "float16": "TYPE_FP16",
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
    "type_float": "TYPE_FP32",
    "type_float16": "TYPE_FP16",
    "type_float32": "TYPE_FP32",
    "type_float64": "TYPE_FP64",
    "kind_cuda": "KIND_GPU",
}


def nearest(name: str, names: list[str]) -> str:
    """The most similar of `names`, or empty."""
    other = _OTHER_NAMES.get(name.lower(), "")
    if other in names:
        return other
    found = [
        match for text in (name, name.lower(), name.upper()) for match in difflib.get_close_matches(text, names, 1)
    ]
    return found[0] if found else ""

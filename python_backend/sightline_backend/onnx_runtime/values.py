"""Texts of the configuration as numbers and truth values, with the C++ backend's refusals."""

from __future__ import annotations

from sightline_backend.errors import ParameterError

_TRUTH = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


def parse_bool(text: str) -> bool:
    """Read true, on, 1, false, off or 0, in any case.

    Raises:
        ParameterError: it is none of these.
    """
    try:
        return _TRUTH[text.lower()]
    except KeyError:
        raise ParameterError(f"failed to convert '{text}' to boolean") from None


def parse_int(text: str) -> int:
    """Read a whole number.

    Raises:
        ParameterError: it is none.
    """
    try:
        return int(text)
    except ValueError:
        raise ParameterError(f"failed to convert '{text}' to integral number") from None

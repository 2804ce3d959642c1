"""What tells whether a file has changed since it was read, or has gone."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import NamedTuple

UNKNOWN = -1


class Stamp(NamedTuple):
    """Size in bytes and time of the last change in ns; -1 for what is no file, such as an address."""

    size: int = UNKNOWN
    modified_ns: int = UNKNOWN

    @classmethod
    def of(cls, name: str) -> Stamp:
        """Look at a file; what cannot be found has no stamp, and reading it says why."""
        try:
            found = Path(name).stat()
        except (OSError, ValueError):
            return cls()
        return cls(found.st_size, found.st_mtime_ns)


class Presence(Enum):
    """Whether a file is there; a folder that may not be entered says nothing about its files."""

    THERE = "there"
    MISSING = "missing"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, name: str) -> Presence:
        """Look for a file."""
        try:
            Path(name).stat()
        except (FileNotFoundError, NotADirectoryError):
            return cls.MISSING
        except (OSError, ValueError):
            return cls.UNKNOWN
        return cls.THERE

"""What tells whether a file has changed since it was read."""

from __future__ import annotations

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

"""Names of classes from a text file."""

from __future__ import annotations

from pathlib import Path

from sightline_export.errors import SourceUnusable


def read_labels(path: Path) -> tuple[str, ...]:
    """Read one name a line, in the order of the outputs; empty lines at the end don't count.

    Raises:
        SourceUnusable: the file can't be read, is not UTF-8, holds no name or an empty line between names.

    >>> read_labels(Path("classes.txt"))
    ('cat', 'dog')
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceUnusable(f"expected a file of labels at {path}, got {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SourceUnusable(f"expected labels in UTF-8 in {path}, got other bytes; save it as UTF-8 text") from error
    names = tuple(line.strip() for line in text.rstrip().splitlines())
    if not names:
        raise SourceUnusable(f"expected one label a line in {path}, got an empty file; write the names of the classes")
    if "" in names:
        raise SourceUnusable(
            f"expected one label a line in {path}, got an empty line {names.index('') + 1}; give every output a name"
        )
    return names

"""Where the answer to a picture lies in the folder of answers; pure.

A name depends on the picture alone, never on the others of a run, so that a resumed run finds the same. Two pictures
never share one: `x.png` and `x.jpg` keep their suffixes, and what lies outside of the base folder, in the web or on
stdin has a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import PurePath, PurePosixPath
from urllib.parse import urlsplit

from sightline.cli._inputs import STDIN, absolute, identity, is_url

JOURNAL = "answers.jsonl"
SETTINGS = "run.json"
PARTS = ".parts"

_ELSEWHERE, _WEB, _STDIN = "_elsewhere", "_web", "_stdin"
_TAKEN = re.compile(r"_+(?:elsewhere|web|stdin)|_*(?:answers\.jsonl|run\.json|\.parts)")
_LONGEST_NAME_BYTES = 200  # of the 255 that file systems allow; what kind of answer it is follows
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def output_stem(name: str, *, base: str) -> str:
    """Return the relative path of a picture's answers, without the suffix that says what they are.

    Args:
        name: A path, an address or `-`.
        base: The absolute folder whose structure is kept.

    Example:
        >>> output_stem("/photos/a/x.jpg", base="/photos")
        'a/x.jpg'
    """
    if name == STDIN:
        return _STDIN
    if is_url(name):
        return str(PurePosixPath(_WEB, _address(name)))
    path = PurePath(absolute(name))
    if path.is_relative_to(base):
        first, *rest = path.relative_to(base).parts
        parts = [f"_{first}" if _TAKEN.fullmatch(first) else first, *rest]
    else:
        parts = [_ELSEWHERE, *path.parts[1:]]
    return str(PurePosixPath(*parts[:-1], shortened(parts[-1])))


def name_in_address(url: str) -> str:
    """Return what an address calls its picture, fit for a file; never its query, which may hold a key.

    Example:
        >>> name_in_address("https://host/photos/x.png?token=secret")
        'x.png'
    """
    return _UNSAFE.sub("-", PurePosixPath(urlsplit(url).path).name)


def shortened(name: str, *, most_bytes: int = _LONGEST_NAME_BYTES) -> str:
    """Return a name that is short enough for a file; a long one ends in a digest, so that no two become the same."""
    data = os.fsencode(name)
    if len(data) <= most_bytes:
        return name
    return f"{data[: most_bytes - 20].decode('utf-8', 'ignore')}-{_digest(name)}"


def _address(url: str) -> str:
    return f"{name_in_address(url)[:80]}-{_digest(identity(url))}".lstrip("-")


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]

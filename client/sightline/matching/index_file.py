"""The file of an index: numpy's own format (.npz) with a header in JSON; nothing in it is evaluated or unpickled."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sightline.errors import IndexUnusable
from sightline.matching.stamp import Stamp

_FORMAT = 1
_ARRAYS: Mapping[str, tuple[type[np.generic], int]] = {
    "header": (np.uint8, 1),
    "vectors": (np.float32, 2),
    "stamps": (np.int64, 2),
}
_UNREADABLE = (ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError, RuntimeError)
"""A RuntimeError says that a file is encrypted, nested too deeply, or compressed in an unknown way."""


class Parts(NamedTuple):
    """The fields of an index."""

    model: str
    version: int
    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    stamps: tuple[Stamp, ...]


def read_parts(path: Path) -> Parts:
    """Read the fields, in their types and shapes.

    Raises:
        IndexUnusable: The file cannot be read, or is no index.
    """
    try:
        with path.open("rb") as file:
            arrays = _arrays(file)
        header: object = json.loads(arrays["header"].tobytes())
    except FileNotFoundError as exc:
        raise IndexUnusable(f"no such index: {str(path)!r}; make it with `sightline index FOLDER -o {path}`") from exc
    except OSError as exc:
        raise IndexUnusable(f"cannot read {str(path)!r}: {exc.strerror or exc}; check its permissions") from exc
    except _UNREADABLE as exc:
        raise broken(path, " ".join(str(exc).split())[:120] or type(exc).__name__) from exc
    fields = cast("dict[str, Any]", header) if isinstance(header, dict) else {}
    names: object = fields.get("names")
    if (
        fields.get("format") != _FORMAT
        or not isinstance(fields.get("model"), str)
        or not isinstance(fields.get("version"), int)
        or not isinstance(names, list)
        or not all(isinstance(each, str) for each in cast("list[object]", names))
    ):
        raise broken(path, f"its header is not of format {_FORMAT}")
    stamps = tuple(Stamp(*pair) for pair in arrays["stamps"].tolist())
    return Parts(fields["model"], fields["version"], tuple(cast("list[str]", names)), arrays["vectors"], stamps)


def write_parts(path: Path, parts: Parts) -> None:
    """Write the fields in place of any earlier file, which stays as it is until the new one is whole on the disk.

    Raises:
        IndexUnusable: The file cannot be written.
    """
    header = {"format": _FORMAT, "model": parts.model, "version": parts.version, "names": parts.names}
    header_bytes = np.frombuffer(json.dumps(header).encode(), np.uint8)
    stamps = np.array(parts.stamps, np.int64).reshape(-1, 2)
    with _new_file(path) as part:
        with part.open("wb") as file:
            np.savez(file, header=header_bytes, vectors=parts.vectors, stamps=stamps)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def check_writable(path: Path) -> None:
    """Raise `IndexUnusable` where no file can be written, before time goes into what it is to hold."""
    with _new_file(path) as part:
        part.touch()


def broken(path: Path, reason: str) -> IndexUnusable:
    """Return the error for a file that is no index."""
    return IndexUnusable(
        f"expected {str(path)!r} to be an index that `sightline index` wrote, got another file, or a damaged one "
        f"({reason}); make it again"
    )


@contextmanager
def _new_file(path: Path) -> Generator[Path]:
    """Give the name under which a file is written before it gets its own; nothing stays behind under it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)
    except OSError as exc:
        raise IndexUnusable(f"cannot write {str(path)!r}: {exc.strerror or exc}; choose another file") from exc


def _arrays(file: BinaryIO) -> dict[str, NDArray[Any]]:
    with _in_plain_words():
        archive: Mapping[str, Any] | NDArray[Any] = np.load(file, allow_pickle=False)
    if isinstance(archive, np.ndarray):
        raise ValueError("it holds a single array")
    arrays: dict[str, NDArray[Any]] = {}
    for name, (dtype, axes) in _ARRAYS.items():
        with _in_plain_words():
            array = cast("NDArray[Any]", archive[name])
        if array.dtype != dtype or array.ndim != axes:
            raise ValueError(f"{name} is {array.dtype} of shape {array.shape}")
        arrays[name] = array
    if arrays["stamps"].shape[1] != 2:
        raise ValueError(f"stamps have the shape {arrays['stamps'].shape}")
    return arrays


@contextmanager
def _in_plain_words() -> Generator[None]:
    """Replace what numpy says of a file that it cannot read: its advice is to unpickle it."""
    try:
        yield
    except ValueError as exc:
        raise ValueError("it holds something else than plain arrays") from exc

"""CIFAR-10 in its binary version: 60,000 colour pictures of 32x32 in ten classes.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. https://www.cs.toronto.edu/~kriz/cifar.html
A record of `data_batch_*.bin` and `test_batch.bin` is a label byte and 3,072 levels: red, green, blue, row by row.
The "python version" is pickled, and unpickling runs whatever program is in a file; it is refused.
"""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath
from typing import cast

import numpy as np
from numpy.typing import NDArray

from sightline_export.datasets.labelled_pictures import Half, LabelledPictures, read
from sightline_export.errors import SourceUnusable

ARCHIVE = "cifar-10-binary.tar.gz"
FOLDER = "cifar-10-batches-bin"
NAMES = "batches.meta.txt"
SOURCE = "CIFAR-10, A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009"
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
_MOST = 10_000 * RECORD  # bytes of a file of the archive
_PICKLED = ("cifar-10-python.tar.gz", "cifar-10-batches-py", "data_batch_1")


def is_cifar10(folder: Path) -> bool:
    """Whether the folder holds CIFAR-10, in a version that can be read or not."""
    return bool(_batches(folder)) or any((folder / name).exists() for name in (ARCHIVE, FOLDER, *_PICKLED))


def load_cifar10(folder: Path) -> LabelledPictures:
    """Read the archive in `folder`, or the files that came of it.

    Raises:
        SourceUnusable: only the pickled version is there, or a file is missing or damaged.

    >>> load_cifar10(Path("data")).labels[:2]
    ('airplane', 'automobile')
    """
    files = _files(folder)
    names = tuple(line for line in files.get(NAMES, b"").decode("utf-8", "replace").split("\n") if line.strip())
    training = sorted(name for name in files if name.startswith("data_batch_"))
    missing = [
        name
        for name, there in (
            (NAMES, names),
            ("data_batch_1.bin", training),
            ("test_batch.bin", "test_batch.bin" in files),
        )
        if not there
    ]
    if missing:
        raise SourceUnusable(f"expected {missing[0]} of CIFAR-10 in {folder}, got none; unpack {ARCHIVE} again")
    parts = [_records(files[name], folder / name) for name in training]
    return LabelledPictures(
        train=Half(
            np.concatenate([pictures for pictures, _ in parts]), np.concatenate([labels for _, labels in parts])
        ),
        held_out=Half(*_records(files["test_batch.bin"], folder / "test_batch.bin")),
        labels=tuple(name.strip() for name in names),
        source=SOURCE,
        name="CIFAR-10",
        mirrored=True,
    )


def _batches(folder: Path) -> list[Path]:
    return sorted((*folder.glob("data_batch_*.bin"), *folder.glob("test_batch.bin")))


def _files(folder: Path) -> dict[str, bytes]:
    for place in (folder, folder / FOLDER):
        if _batches(place):
            wanted = [*_batches(place), *(file for file in (place / NAMES,) if file.is_file())]
            return {file.name: read(file, _MOST + 1) for file in wanted}
    if (folder / ARCHIVE).is_file():
        return _unpacked(folder / ARCHIVE)
    found = next((name for name in _PICKLED if (folder / name).exists()), "none of its files")
    raise SourceUnusable(
        f"expected the binary version of CIFAR-10 ({ARCHIVE}) in {folder}, got {found}: the Python version is pickled, "
        "which can run any program; fetch https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    )


def _unpacked(archive: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for member in opened:
                name = PurePosixPath(member.name).name
                content = opened.extractfile(member) if name == NAMES or name.endswith(".bin") else None
                if content is not None:
                    files[name] = content.read(_MOST + 1)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise SourceUnusable(
            f"expected the archive of CIFAR-10 in {archive}, got {type(error).__name__}: {error}; fetch it again"
        ) from error
    return files


def _records(content: bytes, file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    if not content or len(content) % RECORD or len(content) > _MOST:
        raise SourceUnusable(
            f"expected up to 10,000 records of {RECORD:,} bytes in {file}, got {len(content):,} bytes"
            f"{' or more' if len(content) > _MOST else ''}; fetch it again"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    planes = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
    pictures = cast("NDArray[np.uint8]", np.moveaxis(planes, 1, 3).copy())  # (n, 32, 32, 3)
    return pictures, records[:, 0].astype(np.int64)

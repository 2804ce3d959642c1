"""The pictures that are sent: files of a person, untouched."""

import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from sightline_server.errors import FileError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
EXPECTED = "a JPEG, PNG, WebP, BMP or GIF file"


def read_pictures(paths: Iterable[Path]) -> tuple[bytes, ...]:
    """The contents of picture files, in the order of `paths`; of a folder, all pictures in it and below, by name.

    Only the header is looked at: a picture that is cut off is found by the server.

    Raises:
        FileError: A file is no picture or cannot be read, or a folder holds no picture.
    """
    pictures: list[bytes] = []
    for path in paths:
        found = [read_picture(path)] if not path.is_dir() else pictures_in(path)
        pictures += found
    return tuple(pictures)


def read_picture(path: Path) -> bytes:
    content = read(path)
    if not is_picture(content):
        raise FileError(f"--pictures: expected {EXPECTED}, got {path}, which is none. Leave it out.")
    return content


def pictures_in(folder: Path) -> list[bytes]:
    contents = (read(path) for path in sorted(folder.rglob("*")) if path.is_file())
    found = [content for content in contents if is_picture(content)]
    if not found:
        raise FileError(f"--pictures: expected at least one JPEG, PNG, WebP, BMP or GIF file in {folder}, got none.")
    return found


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"--pictures: {path} cannot be read: {error.strerror}. Correct it, or leave it out.") from error


def is_picture(content: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS):
            return True
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False

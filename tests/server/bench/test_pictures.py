import io
from pathlib import Path

import pytest
from PIL import Image

from sightline_server.bench.pictures import read_pictures
from sightline_server.errors import FileError


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 30, 40)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF"])
def test_a_picture_is_read_untouched(tmp_path: Path, kind: str) -> None:
    (tmp_path / "picture").write_bytes(picture(kind))
    assert read_pictures([tmp_path / "picture"]) == (picture(kind),)


def test_all_pictures_of_a_folder_are_read_by_name_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "b.png").write_bytes(picture("PNG"))
    (tmp_path / "below" / "c.gif").write_bytes(picture("GIF"))
    (tmp_path / "a.jpg").write_bytes(picture("JPEG"))
    (tmp_path / "labels.txt").write_text("red\n")
    assert read_pictures([tmp_path]) == (picture("JPEG"), picture("PNG"), picture("GIF"))


def test_a_named_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture("TIFF"))
    with pytest.raises(FileError, match=r"expected a JPEG, PNG, WebP, BMP or GIF file, got .*a\.jpg, which is none"):
        read_pictures([tmp_path / "a.jpg"])


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(FileError, match="expected at least one"):
        read_pictures([tmp_path])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.png cannot be read: No such file or directory") as caught:
        read_pictures([tmp_path / "gone.png"])
    assert caught.value.exit_code == 3

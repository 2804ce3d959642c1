"""Folders of pictures with a class of every pixel."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline_export.datasets.class_map_folder import class_mapped
from sightline_export.errors import SourceUnusable

PICTURE = Image.new("RGB", (6, 4), (200, 10, 10))
MAP = Image.fromarray(np.array([[0, 1, 2, 3, 255, 0]] * 4, np.uint8))


def palette() -> Image.Image:
    """As VOC's are: numbers with colours."""
    image = MAP.copy()
    image.putpalette([level for k in range(256) for level in (k, 255 - k, k // 2)])
    return image


def put(folder: Path, pictures: dict[str, Image.Image], maps: dict[str, Image.Image], voc: bool = True) -> Path:
    for name, images in zip(
        ("JPEGImages", "SegmentationClass") if voc else ("images", "masks"), (pictures, maps), strict=True
    ):
        (folder / name).mkdir()
        for file, image in images.items():
            image.save(folder / name / file)
    return folder


@pytest.mark.parametrize("voc", [True, False])
@pytest.mark.parametrize("make", [lambda: MAP, palette])
def test_pairs_come_by_name_and_pictures_without_a_map_are_passed_over(
    tmp_path: Path, voc: bool, make: Callable[[], Image.Image]
) -> None:
    pictures = {"b.jpg": PICTURE, "a.png": PICTURE, "without.jpg": PICTURE}
    found = list(class_mapped(put(tmp_path, pictures, {"a.png": make(), "b.png": make()}, voc), classes=4))
    assert [picture.path.name for picture in found] == ["a.png", "b.jpg"]
    for picture in found:
        assert picture.content == picture.path.read_bytes()
        assert picture.class_map.tolist() == [[0, 1, 2, 3, 255, 0]] * 4


def test_a_picture_that_is_turned_upright_fits_its_upright_map(tmp_path: Path) -> None:
    put(tmp_path, {}, {"a.png": MAP})
    exif = Image.Exif()
    exif[0x0112] = 6
    PICTURE.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "JPEGImages" / "a.jpg", exif=exif)
    (found,) = class_mapped(tmp_path, classes=4)
    assert found.class_map.shape == (4, 6)


@pytest.mark.parametrize(
    ("pictures", "maps", "message"),
    [
        ({"a.jpg": PICTURE}, {"b.png": MAP}, r"expected class maps in .* with the names of pictures in .*, got none"),
        ({"a.jpg": PICTURE}, {"a.png": MAP.resize((5, 4))}, r"expected a PNG of 6x4 pixels .*, got 5x4 of mode L"),
        ({"a.jpg": PICTURE}, {"a.png": PICTURE}, "got 6x4 of mode RGB; write it anew"),
        ({"a.jpg": PICTURE}, {"a.png": Image.new("L", (6, 4), 4)}, r"expected classes from 0 to 3, .*, got 4; number"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, pictures: dict[str, Image.Image], maps: dict[str, Image.Image], message: str
) -> None:
    with pytest.raises(SourceUnusable, match=message):
        list(class_mapped(put(tmp_path, pictures, maps), classes=4))


def test_a_damaged_map_and_missing_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="expected the folders JPEGImages and SegmentationClass or images and"):
        list(class_mapped(tmp_path, classes=4))
    put(tmp_path, {"a.jpg": PICTURE}, {"a.png": MAP})
    (tmp_path / "SegmentationClass" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(SourceUnusable, match=r"expected a picture and its class map, got: a\.jpg: expected"):
        list(class_mapped(tmp_path, classes=4))

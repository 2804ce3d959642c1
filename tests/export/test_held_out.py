"""Labelled pictures of one's own: which folder is which class, and files that can't be used."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from export.quick import make_quick_recipe
from PIL import Image

from sightline_backend.pixels import PixelSpec, decode_batch
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.errors import SourceUnusable
from sightline_export.held_out import half_to_measure, measure_on
from sightline_export.model_spec import ModelSpec
from sightline_export.verification.parity import Arrays

CRANES = ("crane", "dog", "crane")


def png(level: int = 0) -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8), (level, level, level)).save(file, "PNG")
    return file.getvalue()


def spec(*labels: str) -> ModelSpec:
    return replace(make_quick_recipe().spec, labels=labels)


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png())
    return folder


def places(half: Half, folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in half.pictures if isinstance(file, Path)]


def always_the_last_class(inputs: Arrays) -> Arrays:
    pixels = decode_batch(inputs["IMAGE"][:, 0].tolist(), PixelSpec(8, 8))
    return {"SCORES": np.array([[0.1, 0.2, 0.7]] * len(pixels), np.float32)}


def test_two_classes_of_one_label_are_told_apart_by_their_position(tmp_path: Path) -> None:
    folder = put(tmp_path, "crane (0)/1.png", "crane (2)/1.png", "crane (2)/2.png", "dog/1.png")
    half = half_to_measure(folder, CRANES)
    assert places(half, folder) == ["crane (0)/1.png", "crane (2)/1.png", "crane (2)/2.png", "dog/1.png"]
    assert half.labels.tolist() == [0, 2, 2, 1]
    measured = measure_on(folder, spec(*CRANES))(always_the_last_class)
    assert measured.figures[0].value == 0.5
    rows = {name: (row["pictures"], row["recall"]) for name, row in measured.per_class.items()}
    assert rows == {"crane (0)": (1, 0), "dog": (1, 0), "crane (2)": (2, 1)}


def test_a_folder_that_stands_for_two_classes_is_refused_with_the_names_to_use(tmp_path: Path) -> None:
    folder = put(tmp_path, "crane/1.png")
    with pytest.raises(SourceUnusable, match=r"got 'crane', .* of 2; name the folders 'crane \(0\)' and 'crane \(2\)'"):
        half_to_measure(folder, CRANES)


def test_a_folder_that_is_called_like_a_picture_is_looked_into(tmp_path: Path) -> None:
    folder = put(tmp_path, "dog/1.png", "dog/folder.jpg/2.png", "dog/notes.txt")
    assert places(half_to_measure(folder, CRANES), folder) == ["dog/1.png", "dog/folder.jpg/2.png"]


@pytest.mark.parametrize(
    ("content", "found"), [(b"", "nothing"), (b"hello", "a text file"), (b"%PDF-1.7", "a PDF file")]
)
def test_a_file_that_is_no_picture_is_found_before_anything_is_exported(
    content: bytes, found: str, tmp_path: Path
) -> None:
    put(tmp_path, "dog/1.png", "dog/2.jpg")
    (tmp_path / "dog" / "2.jpg").write_bytes(content)
    with pytest.raises(SourceUnusable, match=rf"expected a JPEG, .* in {tmp_path}/dog/2\.jpg, got {found}"):
        measure_on(tmp_path, spec(*CRANES))


def test_a_link_that_leads_nowhere_is_not_left_out_in_silence(tmp_path: Path) -> None:
    put(tmp_path, "dog/1.png")
    (tmp_path / "dog" / "2.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(SourceUnusable, match=r"2\.png, got No such file"):
        measure_on(tmp_path, spec(*CRANES))


def test_a_picture_that_goes_while_the_graph_is_made_is_one_line(tmp_path: Path) -> None:
    put(tmp_path, "dog/1.png", "dog/2.png")
    measure = measure_on(tmp_path, spec(*CRANES))
    (tmp_path / "dog" / "2.png").unlink()
    with pytest.raises(SourceUnusable, match=r"2\.png, got No such file"):
        measure(always_the_last_class)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    put(tmp_path, "dog/1.png")
    (tmp_path / "dog" / "1.png").write_bytes(png()[:40])
    with pytest.raises(SourceUnusable, match=r"1\.png: expected .* got a PNG file"):
        measure_on(tmp_path, spec(*CRANES))(always_the_last_class)


def test_a_model_of_other_classes_is_not_measured(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.png", "dog/1.png")
    with pytest.raises(
        SourceUnusable, match=r"expected a model of the 2 classes cat, dog, …, got one that gives 3 scores"
    ):
        measure_on(tmp_path, spec("cat", "dog"))(always_the_last_class)


def test_classes_that_the_model_does_not_know_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "dog/1.png", "horse/1.png")
    with pytest.raises(
        SourceUnusable, match=r"expected classes of the model \(crane, dog, crane, …\) in .*, got horse"
    ):
        half_to_measure(tmp_path, CRANES)
    with pytest.raises(SourceUnusable, match=r"expected folders of pictures in .*, got no pictures"):
        half_to_measure(put(tmp_path / "empty", "notes.txt"), CRANES)

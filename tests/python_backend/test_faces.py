"""Faces in pictures of every size and encoding, in pixels of the picture as it was sent."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from sightline_backend.errors import PictureDamagedError, PictureFormatError
from sightline_backend.faces import MAX_FACES, Box, detect_batch, detect_faces, find_faces
from sightline_export.datasets.digits import load_digits
from sightline_export.datasets.faces import encoded, portrait, portraits, small_faces

BY_HAND = (182.0, 80.0, 270.0, 178.0)  # hairline to chin of the portrait of 512x512
ORIENTATION_TAG = 0x0112


def overlap(first: Box, second: Box) -> float:
    """Intersection over union."""
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    both = max(across, 0.0) * max(down, 0.0)
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (first, second)]
    return both / (sum(areas) - both)


def scaled(box: Box, factor_x: float, factor_y: float, shift: tuple[int, int] = (0, 0)) -> Box:
    x0, y0, x1, y1 = box
    return (
        x0 * factor_x + shift[0],
        y0 * factor_y + shift[1],
        x1 * factor_x + shift[0],
        y1 * factor_y + shift[1],
    )


def turned_by_exif() -> bytes:
    """The portrait on its side, with the note that it has to be turned."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    file = BytesIO()
    portrait().transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif)
    return file.getvalue()


def large_poster() -> bytes:
    """6000x4000, the portrait in its lower right corner."""
    poster = Image.new("RGB", (6000, 4000), (70, 110, 150))
    poster.paste(portrait().resize((2048, 2048)), (3900, 1900))
    return encoded(poster, "JPEG")


def half_transparent() -> bytes:
    image = portrait().copy()
    image.putalpha(200)
    return encoded(image)


KINDS = {
    "as it is": (lambda: encoded(portrait()), BY_HAND),
    "jpeg": (lambda: encoded(portrait(), "JPEG"), BY_HAND),
    "exif": (turned_by_exif, BY_HAND),
    "grey": (lambda: encoded(ImageOps.grayscale(portrait())), BY_HAND),
    "cmyk": (lambda: encoded(portrait().convert("CMYK"), "JPEG"), BY_HAND),
    "alpha": (half_transparent, BY_HAND),
    "palette": (lambda: encoded(portrait().quantize(64), "GIF"), BY_HAND),
    "small": (lambda: encoded(portrait().resize((150, 150))), scaled(BY_HAND, 150 / 512, 150 / 512)),
    "wider": (lambda: encoded(portrait().resize((700, 560))), scaled(BY_HAND, 700 / 512, 560 / 512)),
    "enlarged": (lambda: encoded(portrait().resize((3000, 3000)), "JPEG"), scaled(BY_HAND, 3000 / 512, 3000 / 512)),
    "6000x4000": (large_poster, scaled(BY_HAND, 4, 4, (3900, 1900))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_is_found_where_it_is_in_the_picture_that_was_sent(kind: str) -> None:
    make, by_hand = KINDS[kind]
    (face,) = detect_faces(make())
    assert overlap(face.box_xyxy, by_hand) > 0.6
    assert 0.5 < face.score <= 1


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 5000), (5000, 1), (8, 8), (65_535, 2), (640, 480)])
def test_a_picture_without_a_face_has_none(size_wh: tuple[int, int]) -> None:
    answer = detect_batch([encoded(Image.new("RGB", size_wh, (120, 90, 60)))])
    assert {name: (array.dtype.name, array.shape) for name, array in answer.items()} == {
        "num_detections": ("int32", (1, 1)),
        "detection_boxes": ("float32", (1, MAX_FACES, 4)),
        "detection_scores": ("float32", (1, MAX_FACES)),
        "detection_classes": ("int32", (1, MAX_FACES)),
    }
    assert all(not array.any() for array in answer.values())


def test_small_faces_are_found_and_small_backgrounds_and_digits_are_none() -> None:
    faces = small_faces()
    found = detect_batch((*faces.train, *faces.held_out))["num_detections"]
    assert (found > 0).mean() >= 0.95
    assert not detect_batch(faces.backgrounds)["num_detections"].any()
    assert not detect_batch(load_digits()[1].pictures[:60])["num_detections"].any()


def test_of_more_faces_than_fit_the_surest_are_given() -> None:
    crowd = Image.new("L", (1000, 1000))
    for index, file in enumerate((*small_faces().train, *small_faces().held_out)):
        crowd.paste(Image.open(BytesIO(file)).resize((100, 100)), (100 * (index % 10), 100 * (index // 10)))
    faces = find_faces(crowd)
    answer = detect_batch([encoded(crowd)])
    assert len(faces) > MAX_FACES
    assert answer["num_detections"].tolist() == [[MAX_FACES]]
    scores = answer["detection_scores"][0]
    assert (np.diff(scores) <= 0).all()
    assert scores[-1] == pytest.approx(faces[MAX_FACES - 1].score)
    assert (answer["detection_boxes"] >= 0).all()
    assert (answer["detection_boxes"] <= 1000).all()


def test_the_answer_is_the_same_every_time_and_beside_other_pictures() -> None:
    files = [file.content for file in portraits(4)]
    together = detect_batch(files)
    for index, file in enumerate(files):
        alone = detect_batch([file])
        assert all(np.array_equal(together[name][index], array[0]) for name, array in alone.items())


def test_threads_do_not_disturb_each_other() -> None:
    def boxes(file: bytes) -> list[list[float]]:
        return detect_batch([file])["detection_boxes"].tolist()

    files = [encoded(portrait()), large_poster()]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(boxes, files * 6))
    assert together == [boxes(file) for file in files] * 6


def test_a_bad_picture_is_named_by_its_place() -> None:
    with pytest.raises(PictureFormatError, match="picture 2 of 2: expected a JPEG"):
        detect_batch([portraits(1)[0].content, b"hello"])
    with pytest.raises(PictureDamagedError, match=r"^expected an undamaged picture"):
        detect_batch([portraits(1)[0].content[:2000]])


def test_opencv_is_needed_by_faces_only_and_its_absence_says_what_to_run() -> None:
    program = (
        "import sys; sys.modules['cv2'] = None\n"
        "from PIL import Image\n"
        "import sightline_backend.face_alignment, sightline_backend.faces as faces\n"
        "try: faces.find_faces(Image.new('RGB', (9, 9)))\n"
        "except RuntimeError as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("PackageMissingError expected opencv-python-headless beside sightline-backend, got")
    assert "sightline install-runtime" in done.stdout

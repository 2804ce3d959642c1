"""Faces cut out and turned upright: the eyes come to the places of the template, whatever the picture."""

from io import BytesIO
from typing import Any, cast

import cv2
import numpy as np
import pytest
from PIL import Image

from sightline_backend.errors import FaceNotFoundError, ParameterError
from sightline_backend.face_alignment import FaceAlignment, align_batch, align_face, find_eyes, turned_upright
from sightline_backend.faces import find_faces
from sightline_backend.pixels import PixelSpec, decode
from sightline_export.datasets.faces import encoded, portrait, portraits, small_faces

SPEC = PixelSpec(112, 112)
REFUSE, WHOLE = FaceAlignment(SPEC), FaceAlignment(SPEC, "whole")
ARCFACE = np.array([[38.2946, 51.6963], [73.5318, 51.5014]])  # centres of pixels, as the authors write them
EYES = ((201.6, 100.6), (247.2, 103.4))  # of the portrait


@pytest.mark.parametrize(
    ("eyes", "spec"),
    [
        (((200, 200), (300, 200)), SPEC),
        (((200, 200), (260, 230)), SPEC),
        (((300, 260), (220, 240)), SPEC),  # upside down
        (((40, 250), (440, 250)), SPEC),  # 11 times as far apart as in the template
        (((240, 240), (262, 236)), SPEC),  # closer
        (((200, 200), (300, 220)), PixelSpec(64, 64)),
        (((200, 200), (300, 220)), PixelSpec(224, 112)),
    ],
)
def test_the_eyes_come_to_the_places_of_the_template(eyes: Any, spec: PixelSpec) -> None:
    radius = max(2, np.hypot(eyes[1][0] - eyes[0][0], eyes[1][1] - eyes[0][1]) / 20)
    y, x = np.mgrid[:500, :500] + 0.5
    spots = [np.exp(-((x - eye[0]) ** 2 + (y - eye[1]) ** 2) / (2 * radius**2)) for eye in eyes]
    image = Image.fromarray((np.stack([*spots, 0 * x], axis=-1) * 255).astype(np.uint8))
    pixels = turned_upright(image, eyes, spec).astype(float)
    factor = min(spec.width, spec.height) / 112
    shift = (spec.width - 112 * factor) / 2, (spec.height - 112 * factor) / 2
    rows, columns = np.mgrid[: spec.height, : spec.width]
    for channel, place in enumerate((ARCFACE + 0.5) * factor + shift):
        ink = pixels[..., channel] / pixels[..., channel].sum()
        centre = ((columns + 0.5) * ink).sum(), ((rows + 0.5) * ink).sum()
        assert centre == pytest.approx(tuple(place), abs=0.3)


def test_it_is_the_warp_that_opencv_computes_from_the_same_points() -> None:
    target, source = ARCFACE.astype(np.float32), np.array(EYES, np.float32) - 0.5
    matrix = cast(Any, cv2).estimateAffinePartial2D(source, target)[0]
    wanted = cv2.warpAffine(np.asarray(portrait()), matrix, (112, 112), flags=cv2.INTER_LINEAR)
    got = turned_upright(portrait(), EYES, SPEC)
    assert np.abs(got.astype(int) - wanted.astype(int)).mean() < 1.5


@pytest.mark.parametrize("index", range(1, 6))
def test_takes_of_one_face_look_alike_when_aligned(index: int) -> None:
    first, other = (align_face(file.content, REFUSE) for file in (portraits(1)[0], portraits(index + 1)[index]))
    grey = [np.asarray(Image.fromarray(pixels).convert("L"), float)[28:100, 24:88].ravel() for pixels in (first, other)]
    assert np.corrcoef(grey)[0, 1] > 0.8
    upright = Image.fromarray(other)
    eyes = find_eyes(upright, max(find_faces(upright), key=lambda face: face.area).box_xyxy)
    if eyes is not None:  # looked for again, they are where they belong
        assert np.abs(np.array(eyes) - (ARCFACE + 0.5)).max() < 6


def test_of_several_faces_the_largest_is_taken() -> None:
    pair = Image.new("RGB", (1100, 700), (90, 90, 90))
    pair.paste(portrait().resize((400, 400)), (20, 20))
    large = portrait().resize((600, 600)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pair.paste(large, (480, 60))
    assert len(find_faces(pair)) == 2
    both, alone = (align_face(encoded(image), REFUSE).astype(int) for image in (pair, large))
    assert np.abs(both - alone)[20:100, 20:92].mean() < 25
    turned_back = both[:, ::-1]
    assert np.abs(both - alone)[20:100, 20:92].mean() < np.abs(turned_back - alone)[20:100, 20:92].mean()


def test_a_face_without_visible_eyes_is_placed_by_its_box() -> None:
    without = [
        file
        for file in small_faces().held_out
        if (faces := find_faces(image := Image.open(BytesIO(file)))) and find_eyes(image, faces[0].box_xyxy) is None
    ]
    assert without
    for file in without:
        pixels = align_face(file, REFUSE)
        assert (pixels[46:60, 30:84] > 0).mean() > 0.95  # the eyes' region shows the picture, not what lies beyond


def test_a_picture_without_a_face_is_refused_or_taken_whole() -> None:
    file = encoded(Image.linear_gradient("L"))
    with pytest.raises(FaceNotFoundError, match=r"^expected a picture with a face, found none; send one in which"):
        align_face(file, REFUSE)
    assert np.array_equal(align_face(file, WHOLE), decode(file, SPEC))
    with pytest.raises(FaceNotFoundError, match=r"^picture 2 of 2: expected a picture with a face"):
        align_batch([portraits(1)[0].content, file], REFUSE)


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 5000), (5000, 1)])
def test_odd_sizes_are_taken_whole_as_any_decoder_takes_them(size_wh: tuple[int, int]) -> None:
    file = encoded(Image.new("L", size_wh, 99))
    assert np.array_equal(align_face(file, WHOLE), decode(file, SPEC))


@pytest.mark.parametrize("spec", [PixelSpec(96, 112), PixelSpec(64, 64, mode="gray"), PixelSpec(224, 224)])
def test_the_answer_has_the_shape_of_the_specification(spec: PixelSpec) -> None:
    pixels = align_batch([file.content for file in portraits(2)], FaceAlignment(spec))
    assert pixels.shape == (2, *spec.shape)
    assert pixels.dtype == np.uint8


def test_parameters_say_all_of_it() -> None:
    for alignment in (REFUSE, WHOLE, FaceAlignment(PixelSpec(64, 64, mode="gray"), "whole")):
        assert FaceAlignment.from_parameters(alignment.parameters()) == alignment
    assert (REFUSE.name, WHOLE.name) == ("rgb_112x112_squash", "rgb_112x112_squash_or_whole")
    with pytest.raises(ParameterError, match="fallback: expected one of refuse, whole, got 'maybe'"):
        FaceAlignment.from_parameters({**REFUSE.parameters(), "fallback": "maybe"})
    with pytest.raises(ParameterError, match="add width and height"):
        FaceAlignment.from_parameters({})

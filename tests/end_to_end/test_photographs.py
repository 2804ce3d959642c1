"""A digit written with a pen on paper and photographed, which nothing was trained on, gets its right label."""

import io

import numpy as np
import pytest
from congruence.raw_post import post_picture
from PIL import Image, ImageDraw, ImageFilter
from serving import Service

from sightline import Client

PAPER, INK = (228, 224, 212), (30, 34, 60)
PEN = 8  # width of the pen on a sheet of 100 x 100
STROKES = {  # (x, y) on that sheet
    "0": [(50, 15), (30, 30), (25, 55), (35, 80), (52, 86), (70, 75), (75, 50), (68, 25), (50, 15)],
    "1": [(42, 28), (55, 15), (55, 86)],
    "2": [(30, 32), (45, 15), (65, 22), (66, 40), (45, 62), (28, 84), (74, 84)],
    "3": [(30, 22), (52, 14), (68, 28), (50, 47), (70, 64), (58, 84), (30, 80)],
    "4": [(62, 86), (62, 15), (26, 62), (78, 62)],
    "5": [(70, 16), (38, 16), (34, 46), (58, 44), (70, 62), (56, 84), (30, 80)],
    "6": [(64, 16), (40, 38), (30, 66), (44, 86), (64, 80), (68, 62), (52, 52), (34, 64)],
    "7": [(28, 18), (72, 18), (52, 52), (44, 86)],
    "8": [(50, 48), (34, 34), (42, 17), (60, 17), (66, 34), (50, 48), (32, 66), (42, 86), (62, 85), (70, 66), (50, 48)],
    "9": [(66, 36), (52, 16), (36, 26), (38, 46), (58, 48), (66, 34), (64, 62), (54, 86)],
}


def photograph(digit: str, seed: int) -> bytes:
    """A JPEG of 640 x 640: an unsteady hand, a camera held askew, out of focus, lit from the left, with noise."""
    random = np.random.default_rng(seed)
    scale = 8
    sheet = Image.new("RGB", (100 * scale, 100 * scale), PAPER)
    draw = ImageDraw.Draw(sheet)
    points = [((x + random.normal()) * scale, (y + random.normal()) * scale) for x, y in STROKES[digit]]
    draw.line(points, fill=INK, width=PEN * scale, joint="curve")
    tip = PEN * scale / 2
    for x, y in points:
        draw.ellipse((x - tip, y - tip, x + tip, y + tip), fill=INK)
    askew = sheet.rotate(random.uniform(-6, 6), fillcolor=PAPER).resize((640, 640)).filter(ImageFilter.GaussianBlur(3))
    light = 1 - 0.25 * np.linspace(0, 1, 640)[None, :, None]
    pixels = np.asarray(askew) * light + random.normal(0, 5, (640, 640, 3))
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return file.getvalue()


def test_photographs_are_recognised_over_http_grpc_and_a_raw_post(service: Service) -> None:
    right = 0
    taken = [(digit, photograph(digit, seed)) for digit in STROKES for seed in range(3)]
    with Client(service.http_url) as http, Client(service.grpc_url) as grpc:
        for digit, picture in taken:
            labels = {client.classify(picture).label for client in (http, grpc)}
            labels.add(str(post_picture(service.http_url, "cnn", picture).argmax()))
            assert len(labels) == 1, "the three ways disagree"
            right += labels == {digit}
    assert right >= 0.9 * len(taken)


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_a_photograph_from_a_turned_camera_is_turned_back(service: Service, turn: int) -> None:
    upright = Image.open(io.BytesIO(photograph("5", 0)))
    exif = Image.Exif()
    exif[0x0112] = turn
    how = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[turn]
    file = io.BytesIO()
    upright.transpose(how).save(file, "JPEG", quality=95, exif=exif)
    with Client(service.http_url) as client:
        assert client.classify(file.getvalue()).label == "5"

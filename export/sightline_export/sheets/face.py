"""The contact sheet of a model of faces: what was found in a picture, what the network saw, what is most like it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sightline_backend.face_alignment import FaceAlignment, align_face
from sightline_backend.faces import detect_faces
from sightline_backend.pictures import open_picture
from sightline_export.datasets.digits import LABELS, load_digits
from sightline_export.datasets.faces import encoded, portrait, portraits, small_faces
from sightline_export.measures.retrieval import cosines
from sightline_export.sheets.contact_sheet import grid

NEAREST = 4
ASKED_PORTRAITS, ASKED_FACES = 3, 3
ASKED_DIGITS = (3, 7)
_TILE = 88

Embed = Callable[[tuple[bytes, ...]], NDArray[np.float32]]


def face_sheet(embed: Embed, alignment: FaceAlignment) -> Image.Image:
    """One row for each picture asked: with the box of its face, aligned, then the most similar of the gallery.

    The gallery: the portrait as it is, the held-out faces darker and turned, one held-out digit of each kind.
    """
    _, digits = load_digits()
    labels = cast("list[int]", digits.labels.tolist())
    places = [labels.index(label) for label in range(len(LABELS))]
    others = [labels.index(label, places[label] + 1) for label in ASKED_DIGITS]
    gallery = (
        encoded(portrait()),
        *(encoded(_another_take(file)) for file in small_faces().held_out),
        *(digits.pictures[place] for place in places),
    )
    asked = (
        *(file.content for file in portraits(ASKED_PORTRAITS + 1)[1:]),
        *small_faces().held_out[:ASKED_FACES],
        *(digits.pictures[place] for place in others),
    )
    similar = cosines(embed((*asked, *gallery)))[: len(asked), len(asked) :]
    best = np.argsort(-similar, axis=1, kind="stable")[:, :NEAREST]
    rows: list[list[Image.Image]] = [
        [
            boxed_faces(file),
            _aligned(file, alignment),
            *(_aligned(gallery[place], alignment) for place in row),
        ]
        for file, row in zip(asked, cast("list[list[int]]", best.tolist()), strict=True)
    ]
    titles = ("asked", "aligned", "most like it", *(f"{n}." for n in range(2, NEAREST + 1)))
    return grid(rows, (), titles, _TILE, Image.Resampling.BICUBIC)


def boxed_faces(file: bytes) -> Image.Image:
    """The picture with a green box around every face that is found in it."""
    image = open_picture(file).convert("RGB")
    scale = max(1, round(256 / max(image.size)))  # of a picture of 25 pixels the line would hide a lot
    image = image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for face in detect_faces(file):
        box = [side * scale for side in face.box_xyxy]
        draw.rectangle(box, outline=(60, 200, 80), width=max(2, max(image.size) // 80))
    return image


def _aligned(file: bytes, alignment: FaceAlignment) -> Image.Image:
    pixels = align_face(file, alignment)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _another_take(file: bytes) -> Image.Image:
    image = Image.open(BytesIO(file)).rotate(-6, Image.Resampling.BICUBIC)
    return image.point([level * 3 // 4 for level in range(256)])

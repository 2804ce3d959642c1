"""`resize`, `rotate`, `flip`, `crop` and `enhance`: pictures edited without a network, by Pillow inside the server.

They let a client without an imaging library do what it needs before or after it asks the other models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, cast

import numpy as np
from PIL import Image

from sightline_backend.edits import EDITS
from sightline_backend.pictures import open_picture
from sightline_backend.steps import files_array
from sightline_export.backend_model import BackendModel
from sightline_export.datasets.enhancement_photographs import held_out_crops, held_out_photographs
from sightline_export.datasets.photographs import SOURCE, photographs
from sightline_export.recipe import Evaluation, Operation, register
from sightline_export.repository.golden import FileTensor, GoldenTensor, Request, ValueTensor
from sightline_export.sheets.contact_sheet import grid
from sightline_export.signature import NUMPY_TYPES, Datatype, Signature, TensorSpec
from sightline_export.tasks.pixel_steps import IMAGE, RESULT

GOLDEN_CROPS = 3  # small ones first: the golden answers are asked at every start of the server
SHEET_TILE = 150

_DATATYPES: Mapping[str, Datatype] = {"TYPE_INT32": "INT32", "TYPE_FP32": "FP32", "TYPE_STRING": "BYTES"}

Given = Mapping[str, Sequence[float] | str]
"""Parameters of one picture by the names of their tensors."""

SUMMARIES = {
    "resize": "a picture of another size",
    "rotate": "a picture turned by any angle, on a canvas that holds all of it",
    "flip": "a picture mirrored from left to right or from top to bottom",
    "crop": "a part of a picture",
    "enhance": "a picture with more contrast, or sharper",
}
PARAMETERS = {
    "resize": (
        "WIDTH and HEIGHT in pixels, 1 to 65535. One alone keeps the ratio of the sides; without both the picture "
        "keeps its size. Lanczos filter."
    ),
    "rotate": (
        "DEGREES, counter-clockwise; 90 where it is left out. Multiples of 90 change no pixel, others are resampled "
        "(bicubic) and leave black corners."
    ),
    "flip": "DIRECTION, horizontal (left and right are swapped) or vertical; horizontal where it is left out.",
    "crop": (
        "XYXY: left, top, right and bottom in pixels of the sent picture, upright, as a detector answers them; the "
        "whole picture where it is left out."
    ),
    "enhance": (
        "AUTOCONTRAST and EQUALIZE from 0 to 1, SHARPEN from 0 to 4. With none of them AUTOCONTRAST is 1; where one "
        "is given, those left out are 0."
    ),
}
RESULTS = "Results are RGB, transparency shows white; more than 50 megapixels, or 65535 pixels a side, are refused."


def _given(operation: str, index: int, size_wh: tuple[int, int]) -> Given:
    """Parameters for request `index`, a picture of `size_wh`; always the same ones."""
    width, height = size_wh
    match operation:
        case "resize":
            return {"WIDTH": [48 + 17 * index], "HEIGHT": [200 - 11 * index]}
        case "rotate":
            return {"DEGREES": [(90.0, -30.0, 180.0, 12.5, 270.0)[index % 5]]}
        case "flip":
            return {"DIRECTION": ("horizontal", "vertical")[index % 2]}
        case "crop":
            return {"XYXY": [width // 4, height // 5, max(width // 4 + 1, 3 * width // 4), height]}
        case _:
            strength = (1.0, 0.5, 0.0)
            return {
                "AUTOCONTRAST": [strength[index % 3]],
                "EQUALIZE": [strength[(index + 1) % 3]],
                "SHARPEN": [4 * strength[(index + 2) % 3]],
            }


SHOWN: Mapping[str, Mapping[str, Given]] = {
    "resize": {"WIDTH 24": {"WIDTH": [24]}, "WIDTH 150, HEIGHT 60": {"WIDTH": [150], "HEIGHT": [60]}},
    "rotate": {"left out": {}, "DEGREES -30": {"DEGREES": [-30]}, "DEGREES 180": {"DEGREES": [180]}},
    "flip": {"horizontal": {"DIRECTION": "horizontal"}, "vertical": {"DIRECTION": "vertical"}},
    "crop": {"XYXY 60 40 220 160": {"XYXY": [60, 40, 220, 160]}, "XYXY 0 0 100 200": {"XYXY": [0, 0, 100, 200]}},
    "enhance": {"left out": {}, "EQUALIZE 1": {"EQUALIZE": [1]}, "SHARPEN 3": {"SHARPEN": [3]}},
}
"""What the sheet of each shows, by title."""


def _requests(operation: str) -> Callable[[int], tuple[Request, ...]]:
    def requests(count: int) -> tuple[Request, ...]:
        files = (*held_out_crops(min(count, GOLDEN_CROPS)), *photographs(max(count - GOLDEN_CROPS, 0)))
        return tuple(
            Request(
                file.name.replace(".", "-"),
                {
                    "IMAGE": FileTensor(file.name, file.content),
                    **_golden(operation, _given(operation, index, open_picture(file.content).size)),
                },
            )
            for index, file in enumerate(files)
        )

    return requests


def _golden(operation: str, given: Given) -> dict[str, GoldenTensor]:
    tensors: dict[str, GoldenTensor] = {}
    for spec in _inputs(operation):
        value = given[spec.name]
        if isinstance(value, str):
            tensors[spec.name] = FileTensor(f"{value}.txt", value.encode())
        else:
            tensors[spec.name] = ValueTensor(spec.datatype, np.array(value, NUMPY_TYPES[spec.datatype]))
    return tensors


def _sheet(operation: str) -> Callable[[Evaluation], Image.Image]:
    def sheet(evaluation: Evaluation) -> Image.Image:
        shown = [_photograph(index) for index in range(4)]
        files = files_array([file for file, _ in shown])
        columns = [[picture for _, picture in shown]]
        for given in SHOWN[operation].values():
            inputs: dict[str, Any] = {"IMAGE": files}
            for spec in _inputs(operation):
                if spec.name in given:
                    value = given[spec.name]
                    one = [value.encode()] if isinstance(value, str) else value
                    inputs[spec.name] = np.array([one] * len(shown), NUMPY_TYPES[spec.datatype])
            results = cast("list[bytes]", evaluation.model(inputs)["RESULT"][:, 0].tolist())
            columns.append([Image.open(BytesIO(result)) for result in results])
        titles = ["sent", *SHOWN[operation]]
        return grid(list(zip(*columns, strict=True)), column_titles=titles, tile=SHEET_TILE)

    return sheet


def _photograph(index: int) -> tuple[bytes, Image.Image]:
    """A held-out photograph of 240 pixels' width: its file and its picture. Dull ones show best what is enhanced."""
    picture = Image.fromarray(held_out_photographs()[index].pixels)
    picture = picture.resize((240, max(200, 240 * picture.height // picture.width)), Image.Resampling.LANCZOS)
    picture = Image.blend(Image.new("RGB", picture.size, (110, 110, 110)), picture, 0.6)
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue(), picture


def _inputs(operation: str) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(each.name, _DATATYPES[each.data_type], each.dims, optional=True) for each in EDITS[operation].inputs
    )


def operation_model(operation: str) -> BackendModel:
    """One of `sightline_backend.edits.EDITS` as a served model."""
    return BackendModel(
        name=operation,
        summary=SUMMARIES[operation],
        architecture="none: Pillow's own functions",
        task="image-to-image",
        backend="image_edit",
        signature=Signature((IMAGE, *_inputs(operation)), (RESULT,)),
        requests=_requests(operation),
        parameters={"operation": operation},
        data=f"none: nothing in it was trained; verified on {SOURCE}",
        limits=f"{PARAMETERS[operation]} {RESULTS}",
    )


for _operation in EDITS:
    register(Operation(operation_model(_operation), sheet=_sheet(_operation)))

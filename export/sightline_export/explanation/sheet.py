"""The contact sheet of an explaining model: pictures, and what in them speaks for two classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.pictures import encode_png
from sightline_backend.steps import files_array
from sightline_export.explanation.measure import as_seen
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Evaluation, Sheet
from sightline_export.sheets.contact_sheet import grid, heated
from sightline_export.verification.parity import Runtime

PICTURES = 10
OTHERS = 3
TILE = 88


def explanation_sheet(spec: ModelSpec, one_map: bool = False) -> Sheet:
    """One column per picture: the picture, its heat map for the top class, and that for another class.

    The other class is that of the next best three for which most in the picture speaks.

    one_map: whether the heat map is the same for every class, and so shown once.
    """

    def draw(evaluation: Evaluation) -> Image.Image:
        rows: list[list[Image.Image]] = [[] for _ in range(2 if one_map else 3)]
        titles: list[str] = []
        for pixels in as_seen(spec, PICTURES):
            file, picture = encode_png(pixels), Image.fromarray(pixels)
            scores = evaluation.required[spec.name]({"IMAGE": files_array([file])})["SCORES"][0]
            order: list[int] = np.argsort(-scores)[: 1 if one_map else 1 + OTHERS].tolist()
            first, *others = ((class_id, _heatmap(evaluation.model, file, class_id)) for class_id in order)
            shown = [first, *sorted(others, key=lambda other: -float(other[1].sum()))[:1]]
            rows[0].append(picture)
            for row, (_, heatmap) in zip(rows[1:], shown, strict=False):
                row.append(_enlarged(picture, heatmap))
            titles.append(", ".join(spec.labels[class_id][:6] for class_id, _ in shown))
        names = ("picture", "heat map") if one_map else ("picture", "top class", "another")
        return grid(rows, row_titles=names, column_titles=titles, tile=TILE)

    return draw


def _heatmap(model: Runtime, file: bytes, class_id: int) -> NDArray[np.float32]:
    answer = model({"IMAGE": files_array([file]), "CLASS_ID": np.array([[class_id]], np.int32)})
    return np.asarray(answer["HEATMAP"][0], dtype=np.float32)


def _enlarged(picture: Image.Image, heatmap: NDArray[np.floating]) -> Image.Image:
    """Enlarged first, so that the heat is smooth."""
    scale = TILE / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return heated(picture.convert("L").resize(size, Image.Resampling.BILINEAR), heatmap)

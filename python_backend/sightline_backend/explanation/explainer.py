"""One picture and one class to a heat map, whichever the method and whoever runs the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline_backend.errors import ClassIdError, ModelError
from sightline_backend.explanation.attention import attention_heat
from sightline_backend.explanation.cam import cam_heat
from sightline_backend.explanation.frame import frame_of, to_sent_frame
from sightline_backend.explanation.masking import Pixels
from sightline_backend.explanation.occlusion import occluded, occlusion_heat
from sightline_backend.explanation.rise import half_hidden, rise_heat
from sightline_backend.explanation.spec import ExplainSpec
from sightline_backend.pixels import decode_batch_sized
from sightline_backend.spans import span

TOP_CLASS = -1
SCORES = "SCORES"

Answer = Mapping[str, npt.NDArray[Any]]
Ask = Callable[[Iterable[Pixels], tuple[str, ...]], list[Answer]]
"""Batches of pictures (n, h, w, c) to the outputs of these names of the network, batch by batch, in their order."""


@dataclass(frozen=True, eq=False)
class Heat:
    """The heat map float32 (h, w) over the whole sent picture, the class that it explains, and the class's score."""

    heatmap: npt.NDArray[np.float32]
    class_id: int
    score: float


def explain_batch(files: Sequence[bytes], class_ids: Sequence[int], spec: ExplainSpec, ask: Ask) -> Answer:
    """Explain the picture files of one request.

    Returns:
        HEATMAP float32 (n, h, w), CLASS_ID int32 (n, 1) and SCORE float32 (n, 1).

    Raises:
        PictureError: a file can't be used.
        ClassIdError, ModelError: as in :func:`explain`.
    """
    pixels, sizes_wh = decode_batch_sized(files, spec.pixels)
    heats = [
        explain(picture, (width, height), class_id, spec, ask)
        for picture, (width, height), class_id in zip(pixels, sizes_wh.tolist(), class_ids, strict=True)
    ]
    return {
        "HEATMAP": np.stack([heat.heatmap for heat in heats]),
        "CLASS_ID": np.array([[heat.class_id] for heat in heats], np.int32),
        "SCORE": np.array([[heat.score] for heat in heats], np.float32),
    }


def explain(pixels: Pixels, size_wh: tuple[int, int], class_id: int, spec: ExplainSpec, ask: Ask) -> Heat:
    """Explain the score of one class.

    Args:
        pixels: uint8 (h, w, c), the picture as the network takes it.
        size_wh: upright width and height of the picture as it was sent.
        class_id: the class, or -1 for the one with the highest score.
        ask: runs the network.

    Raises:
        ClassIdError: the network has no such class.
        ModelError: the network does not give what the method needs.
    """
    own_map = spec.map_output
    (answer,) = ask([pixels[None]], (SCORES,) if own_map is None else (SCORES, own_map))
    scores = answer[SCORES]
    if scores.ndim != 2 or not scores.shape[1]:
        raise ModelError(
            f"{spec.network}: expected SCORES of shape (n, classes), got {list(scores.shape)}; explain a classifier"
        )
    chosen = _chosen(class_id, scores[0])
    heat = _heat(pixels, chosen, scores[0], None if own_map is None else answer[own_map][0], spec, ask)
    if heat.shape != spec.map_hw:
        raise ModelError(
            f"{spec.network}: expected a map of {spec.map_hw[0]}x{spec.map_hw[1]} (height x width), got "
            f"{'x'.join(map(str, heat.shape))}; correct map_height and map_width in config.pbtxt"
        )
    return Heat(to_sent_frame(heat, frame_of(size_wh, spec.pixels), spec.edges_hw), chosen, float(scores[0, chosen]))


def _heat(
    pixels: Pixels,
    class_id: int,
    scores: npt.NDArray[np.float32],
    own_map: npt.NDArray[np.float32] | None,
    spec: ExplainSpec,
    ask: Ask,
) -> npt.NDArray[np.float32]:
    if own_map is not None:
        if spec.method == "attention":
            return attention_heat(own_map, spec.least_range)
        if own_map.ndim != 3 or len(own_map) != len(scores):
            raise ModelError(
                f"{spec.network}: expected CAM of shape (n, {len(scores)}, h, w), got one picture's "
                f"{list(own_map.shape)}; export the model again"
            )
        return cam_heat(own_map, class_id, spec.least_range)
    hidden = occluded if spec.method == "occlusion" else half_hidden
    answers = ask(hidden(pixels, spec), (SCORES,))
    masked_scores = np.concatenate([answer[SCORES][:, class_id] for answer in answers])
    with span("postprocess"):
        if spec.method == "occlusion":
            return occlusion_heat(float(scores[class_id]), masked_scores, spec)
        return rise_heat(masked_scores, spec)


def _chosen(class_id: int, scores: npt.NDArray[np.float32]) -> int:
    if class_id == TOP_CLASS:
        return int(scores.argmax())
    if not 0 <= class_id < len(scores):
        raise ClassIdError(
            f"CLASS_ID: expected a class from 0 to {len(scores) - 1}, or {TOP_CLASS} for the top class, got {class_id}"
        )
    return class_id

"""The served graph of a detector: pixels and the size of the sent picture to boxes in its pixels, without duplicates.

Suppression is Fast NMS (Bolya et al., "YOLACT: Real-time Instance Segmentation", 2019): a box goes when a box of the
same class with a higher score covers it. It is made of sorting and comparing alone, so that every runtime has it and
batches as it likes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sightline_backend.pixels import PixelSpec
from sightline_export.normalisation import Normalisation

RANKS = 4096  # scores this near to each other, 1 / 4096, rank by position
_EXACT = 2**24  # float32 holds all whole numbers up to here


class DetectionGraph(nn.Module):
    """uint8 pixels (B, h, w, c) and sizes (B, 2) int32 to counts, boxes, scores and classes, padded with zeros.

    network: normalised pictures (B, c, h, w) to logits (B, P, K) and boxes xyxy (B, P, 4) in pixels of the input.
    candidates: how many boxes, those with the highest scores, enter the suppression.
    score_threshold: boxes with a lower score are none. iou_threshold: boxes of one class that share more are one.
    """

    def __init__(
        self,
        network: nn.Module,
        normalisation: Normalisation,
        pixels: PixelSpec,
        max_detections: int,
        candidates: int,
        score_threshold: float,
        iou_threshold: float,
    ) -> None:
        super().__init__()
        self.network = network
        self.normalisation = normalisation
        self.pixels = pixels
        self.max_detections = max_detections
        self.candidates = candidates
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold

    def forward(self, pixels: Tensor, size_wh: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x = self.normalisation(pixels.float().permute(0, 3, 1, 2))  # (B, c, h, w); TensorRT wants the cast first
        logits, boxes = self.network(x)  # (B, P, K), (B, P, 4)
        if (missing := self.max_detections - logits.shape[1]) > 0:  # fewer positions than places in the answer
            logits, boxes = F.pad(logits, (0, 0, 0, missing), value=-100.0), F.pad(boxes, (0, 0, 0, missing))
        scores, classes = logits.sigmoid().max(dim=-1)  # each (B, P)
        boxes = in_sent_picture(boxes, size_wh.float(), self.pixels)
        best = ranked(scores, min(self.candidates, scores.shape[1]))  # (B, C)
        scores, classes, boxes = scores.gather(1, best), classes.gather(1, best), rows(boxes, best)
        shown = (boxes[..., 2:] > boxes[..., :2]).all(dim=-1)  # not in the margin beside a letterboxed picture
        kept = (scores >= self.score_threshold) & shown & ~suppressed(boxes, classes, self.iou_threshold)
        first = ranked(kept.float(), self.max_detections)  # (B, N), those kept in their order
        mask = kept.gather(1, first)
        return (
            mask.sum(dim=1, keepdim=True).int(),
            rows(boxes, first) * mask[..., None].float(),
            scores.gather(1, first) * mask.float(),
            (classes.gather(1, first) * mask.long()).int(),
        )


def ranked(scores: Tensor, count: int) -> Tensor:
    """The places (B, count) of the highest of the scores (B, P) in [0, 1], highest first.

    Scores that are nearly the same are told apart by their place: rounding in a runtime must not change the order.

    >>> ranked(torch.tensor([[0.2, 0.5000001, 0.5, 0.9]]), 3)
    tensor([[3, 1, 2]])
    """
    places = scores.shape[1]
    levels = min(RANKS, _EXACT // places - 1)
    keys = (scores * levels).round() * places + torch.arange(places - 1, -1, -1)
    return keys.topk(count, dim=1).indices


def rows(boxes: Tensor, places: Tensor) -> Tensor:
    """The boxes (B, n, 4) at the places (B, n)."""
    return boxes.gather(1, places[..., None].expand(-1, -1, 4))


def suppressed(boxes: Tensor, classes: Tensor, iou_threshold: float) -> Tensor:
    """Whether an earlier box of the same class covers a box by more than the threshold: bool (B, C).

    boxes: (B, C, 4) xyxy, highest score first. classes: (B, C).
    """
    left_top = torch.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])  # (B, C, C, 2)
    right_bottom = torch.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    width, height = (right_bottom - left_top).clamp(min=0).unbind(dim=-1)
    shared = width * height  # (B, C, C)
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])  # (B, C)
    union = area[:, :, None] + area[:, None] - shared
    same = classes[:, :, None] == classes[:, None]
    places = torch.arange(boxes.shape[1])
    earlier = places[None] < places[:, None]  # (C, C): is column's box ranked before row's?
    return ((shared > iou_threshold * union) & same & earlier).any(dim=-1)


def in_sent_picture(boxes: Tensor, size_wh: Tensor, spec: PixelSpec) -> Tensor:
    """Boxes (B, P, 4) in pixels of the network's input to pixels of the sent pictures, clipped to them.

    size_wh: (B, 2) float. The opposite of :func:`sightline_backend.fitting.fitted`.

    >>> in_sent_picture(torch.tensor([[[0.0, 32.0, 64.0, 64.0]]]), torch.tensor([[400.0, 200.0]]),
    ...                 PixelSpec(128, 128, fit="letterbox"))
    tensor([[[  0.,   0., 200., 100.]]])
    """
    own_wh = torch.tensor([float(spec.width), float(spec.height)])
    if spec.fit == "letterbox":
        scale = (own_wh / size_wh).amin(dim=1, keepdim=True)  # (B, 1)
        content_wh = torch.minimum((size_wh * scale + 0.5).floor().clamp(min=1), own_wh)  # (B, 2)
        corner = ((own_wh - content_wh) / 2).floor()
    else:
        content_wh, corner = own_wh.expand_as(size_wh), torch.zeros_like(size_wh)
    corner, stretch, size = (
        each.repeat(1, 2)[:, None] for each in (corner, size_wh / content_wh, size_wh)
    )  # (B, 1, 4)
    return torch.minimum(((boxes - corner) * stretch).clamp(min=0), size)

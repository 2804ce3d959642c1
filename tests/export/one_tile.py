"""One huge tile: what the tiles of an image-to-image model have to come up to, and how far a network sees."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from sightline_backend.steps import files_array
from sightline_backend.tiles import mirrored
from sightline_export.measures.image_quality import png
from sightline_export.model_spec import ModelSpec
from sightline_export.runtimes import pytorch_runtime
from sightline_export.tasks.image_to_image_tiles import ImageToImageTiles
from sightline_export.verification.truth import whole_model

SIZES_WH = ((1, 1), (1, 700), (37, 91), (301, 255))


def random_picture(size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (size_wh[1], size_wh[0], 3), np.uint8)


def in_tiles(spec: ModelSpec, network: nn.Module, picture: NDArray[np.uint8]) -> NDArray[Any]:
    """What the ensemble of `spec` makes of the picture (h, w, 3), in this process."""
    graph = pytorch_runtime(spec.task.graph(spec, network), spec.task.network_signature(spec))
    answer = whole_model(spec, graph)({"IMAGE": files_array([png(picture)])})["RESULT"]
    return np.array(Image.open(BytesIO(answer[0, 0])))


@torch.no_grad()
def in_one_piece(spec: ModelSpec, network: nn.Module, picture: NDArray[np.uint8], margin: int = 64) -> NDArray[Any]:
    """The same network on the whole picture, mirrored by `margin` pixels at least on every side."""
    task = spec.task
    assert isinstance(task, ImageToImageTiles)
    h, w, _ = picture.shape
    rows, columns = (mirrored(-margin, size + margin + -size % margin, size) for size in (h, w))
    answer = task.graph(spec, network).eval()(torch.from_numpy(picture[rows][:, columns])[None])[0].numpy()
    start, scale = margin * task.scale, task.scale
    return answer[start : start + scale * h, start : start + scale * w]


@torch.no_grad()
def seen_radius(network: nn.Module, stride: int, scale: int = 1) -> int:
    """How far a change of one pixel reaches in the answer, in pixels of the picture, wherever it lies on the grid."""
    network = network.double().eval()
    side, middle = 160, 80
    x = torch.rand(1, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before = network(x)
    reach = 0
    for offset in range(stride):
        place = middle + offset
        changed = x.clone()
        changed[:, :, place, place] += 3
        moved = (network(changed) != before).any(dim=1)[0].nonzero() // scale
        reach = max(reach, int((moved - place).abs().max()))
    network.float()
    return reach

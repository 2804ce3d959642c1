"""image-classification: the bytes of a picture in, softmax probabilities out."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from sightline_backend.pictures import open_picture
from sightline_backend.pixels import PixelSpec, decode
from sightline_export.datasets.digits import Digits, load_digits
from sightline_export.recipe import Recipe
from sightline_export.repository.golden import FileTensor, GoldenCase, ValueTensor
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.pixel_steps import IMAGE, decoder, pixels_tensor
from sightline_export.tasks.task import StepModel
from sightline_export.training.classifier import normalise
from sightline_export.verify import Arrays, Runtime

SCORE_TOLERANCE = 1e-4
GOLDEN_PICTURES = 3


class ClassificationGraph(nn.Module):
    """uint8 pixels (B, h, w, 3) to probabilities (B, k), followed by whatever else the network gives."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        x = pixels.permute(0, 3, 1, 2).float() / 255  # (B, 3, h, w) in [0, 1]
        output = self.network(normalise(x))
        logits, *others = (output,) if isinstance(output, Tensor) else output
        return (torch.softmax(logits, dim=1), *others)


@dataclass(frozen=True)
class ImageClassification:
    """extra: further outputs of the network, served by the network model but not by the ensemble."""

    extra: tuple[TensorSpec, ...] = ()

    @property
    def id(self) -> str:
        return "image-classification"

    def graph(self, recipe: Recipe, network: nn.Module) -> nn.Module:
        return ClassificationGraph(network)

    def network_signature(self, recipe: Recipe) -> Signature:
        return Signature((pixels_tensor(recipe.pixels),), (_scores(recipe), *self.extra))

    def ensemble_signature(self, recipe: Recipe) -> Signature:
        return Signature((IMAGE,), (_scores(recipe),))

    def steps(self, recipe: Recipe, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        decode_step = decoder(recipe.pixels)
        return (decode_step,), (
            Step(decode_step.name, {"IMAGE": "IMAGE"}, {"PIXELS": "pixels"}),
            Step(network, {"PIXELS": "pixels"}, {"SCORES": "SCORES"}),
        )

    def examples(self, recipe: Recipe, count: int) -> Arrays:
        _, held_out = load_digits()
        return {"PIXELS": _first(held_out, count).render(recipe.pixels)}

    def golden(self, recipe: Recipe, graph: Runtime) -> tuple[GoldenCase, ...]:
        _, held_out = load_digits()
        return tuple(
            _golden_case(recipe, graph, name, file)
            for name, file in golden_pictures(held_out, recipe.pixels, GOLDEN_PICTURES)
        )


def golden_pictures(digits: Digits, spec: PixelSpec, count: int) -> list[tuple[str, bytes]]:
    """The first picture of each of `count` different digits, as a person would send it: larger, PNG and JPEG."""
    first = {int(label): index for index, label in reversed(list(enumerate(digits.labels)))}
    chosen = [(label, first[label]) for label in sorted(first, key=lambda label: first[label])[:count]]
    size = (2 * spec.width, 2 * spec.height)
    files: list[tuple[str, bytes]] = []
    for position, (label, index) in enumerate(chosen):
        scan = open_picture(digits.pictures[index])
        picture = scan.resize(size, Image.Resampling.BICUBIC).convert("RGB")
        file, suffix = BytesIO(), ("png", "jpg")[position % 2]
        picture.save(file, format={"png": "PNG", "jpg": "JPEG"}[suffix], **({"quality": 92} if suffix == "jpg" else {}))
        files.append((f"digit-{label}.{suffix}", file.getvalue()))
    return files


def _golden_case(recipe: Recipe, graph: Runtime, file_name: str, content: bytes) -> GoldenCase:
    scores = graph({"PIXELS": decode(content, recipe.pixels)[None]})["SCORES"][0]
    return GoldenCase(
        name=file_name.partition(".")[0],
        inputs={"IMAGE": FileTensor(file_name, content)},
        outputs={"SCORES": ValueTensor("FP32", scores.astype(np.float32), SCORE_TOLERANCE)},
    )


def _scores(recipe: Recipe) -> TensorSpec:
    return TensorSpec("SCORES", "FP32", (len(recipe.labels),), tolerance=SCORE_TOLERANCE, labelled=True)


def _first(digits: Digits, count: int) -> Digits:
    if count > len(digits):
        raise ValueError(f"expected at most {len(digits)} examples, got {count}")
    return Digits(digits.pictures[:count], digits.labels[:count])

"""image-to-image for pictures of any size: the bytes of a picture in, a PNG file of the same size, or larger, out."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from sightline_backend.pixels import PixelSpec
from sightline_backend.tiles import TileSpec
from sightline_export.datasets.photographs import photographs
from sightline_export.model_spec import ModelSpec, PictureFile
from sightline_export.normalisation import Normalisation
from sightline_export.repository.golden import FileTensor, Request
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.picture_output import rgb_levels, rgb_tensor
from sightline_export.tasks.pixel_steps import IMAGE, RESULT, pixels_tensor
from sightline_export.tasks.task import Finish, StepModel

OWN_PICTURES = 3  # the golden ones
ODD_PICTURES = 12  # one of each encoding, colour mode and size of `photographs`
LARGE = "large"  # the kind of them that would take a hundred tiles


class TileGraph(nn.Module):
    """uint8 tiles (B, side, side, 3) to uint8 tiles (B, scale * side, scale * side, 3).

    network: (B, 3, side, side), normalised, to (B, 3, scale * side, scale * side) in [-1, 1].
    """

    def __init__(self, network: nn.Module, normalisation: Normalisation) -> None:
        super().__init__()
        self.network = network
        self.normalisation = normalisation

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.normalisation(pixels.float().permute(0, 3, 1, 2))  # (B, 3, side, side)
        return rgb_levels(self.network(x), darkest=-1.0)  # (B, scale * side, scale * side, 3)


@dataclass(frozen=True)
class ImageToImageTiles:
    """A network for square tiles, applied to the whole picture; see `sightline_backend.tiles`.

    halo: how many pixels of a tile's answer are left out at every edge.
    radius: how far the network sees around a pixel of the tile.
    scale: by how much the result is larger than the picture.
    stride: the step of the network's grid: it gives the same answers where a picture is moved by a multiple of it.

    ValueError for a halo that is less than the radius: seams would show.
    """

    halo: int
    radius: int
    scale: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        if self.halo < self.radius:
            raise ValueError(
                f"expected a halo of at least {self.radius}, how far the network sees, got {self.halo}; widen it"
            )

    @property
    def id(self) -> str:
        return "image-to-image"

    @property
    def finish(self) -> Finish:
        return "none"

    def tiles(self, spec: ModelSpec, network: str) -> TileSpec:
        """How pictures are cut for `network`. ValueError where tiles do not fit the grid of the network."""
        side = spec.pixels.width
        tiles = TileSpec(network, side, self.halo, self.scale, spec.max_batch_size)
        if spec.pixels.height != side or side % self.stride or tiles.core % self.stride:
            raise ValueError(
                f"expected square tiles whose side, and what the halo {self.halo} leaves of it, is a multiple of "
                f"{self.stride}, got {side}x{spec.pixels.height}; change the pixels or the halo"
            )
        return tiles

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return TileGraph(network, spec.normalisation)

    def network_signature(self, spec: ModelSpec) -> Signature:
        pixels = spec.pixels
        enlarged = PixelSpec(pixels.width * self.scale, pixels.height * self.scale)
        return Signature((pixels_tensor(pixels),), (rgb_tensor("RESULT_PIXELS", enlarged),))

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((IMAGE,), (RESULT,))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        signature = Signature((IMAGE,), (TensorSpec("RESULT", "BYTES", (1,)),))
        step = StepModel(f"{spec.name}_tiles", "image_tiles", signature, self.tiles(spec, network).parameters())
        return (step,), (Step(step.name, {"IMAGE": "IMAGE"}, {"RESULT": "RESULT"}),)

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        """The model's own pictures, between them odd ones of every kind that fits a few tiles."""
        own = min(count, OWN_PICTURES)
        odd = _odd(min(max(count - OWN_PICTURES, 0), ODD_PICTURES))
        pictures = spec.pictures(count - len(odd))
        return tuple(
            Request(file.name.partition(".")[0], {"IMAGE": FileTensor(file.name, file.content)})
            for file in (*pictures[:own], *odd, *pictures[own:])
        )


def _odd(kinds: int) -> tuple[PictureFile, ...]:
    odd = [file for file in photographs(kinds) if LARGE not in file.name]
    return tuple(PictureFile(f"odd-{file.name}", file.content) for file in odd)

"""image-segmentation: a small network with random weights, in process and served by a real tritonserver."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from serving import Serve
from torch import nn

from sightline_backend.class_maps import MapFit, to_sent_size
from sightline_backend.pixels import PixelSpec, decode_sized
from sightline_backend.steps import files_array
from sightline_export.errors import VerificationFailed
from sightline_export.exporter import export_import
from sightline_export.model_spec import ModelSpec
from sightline_export.models.segmenter import Segmenter, SegmenterConfig
from sightline_export.recipe import Recipe, find_recipe
from sightline_export.release import Setting
from sightline_export.repository.published import Published, read_config, read_published
from sightline_export.signature import TensorSpec
from sightline_export.sources import Imported
from sightline_export.tasks.image_segmentation import ImageSegmentation, SegmentationGraph
from sightline_export.verification.parity import Runtime
from sightline_export.verification.service import connected

CLASS_MAP = TensorSpec("CLASS_MAP", "BYTES", (1,))
PIXELS = PixelSpec(32, 16, fit="letterbox")


def spec(**changes: Any) -> ModelSpec:
    recipe = find_recipe("segmenter")
    assert isinstance(recipe, Recipe)
    return replace(recipe.spec, name="tiny", pixels=PIXELS, max_batch_size=4, **changes)


def network() -> nn.Module:
    torch.manual_seed(1)
    return Segmenter(SegmenterConfig(widths=(8, 8))).eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segmentation")
    setting = Setting(folder / "model_repository", reproducers=folder / "reproducers", serve=False)
    list(export_import(Imported(spec(), network(), "a test", "random"), setting))
    return setting.repository


@pytest.fixture(scope="module")
def published(folder: Path) -> Published:
    return read_published(folder, "tiny")


@pytest.fixture(scope="module")
def served(folder: Path, serve: Serve) -> Iterator[Runtime]:
    with connected(serve(folder).grpc_url) as service:
        yield service.runtime("tiny", [CLASS_MAP])


def photograph(width: int, height: int) -> Image.Image:
    """Colours and edges of all sizes."""
    y, x = np.mgrid[0:height, 0:width]
    levels = [127 + 120 * np.sin(x / width * 9 + k) * np.cos(y / height * (5 + k)) for k in range(3)]
    return Image.fromarray(np.stack(levels, axis=-1).astype(np.uint8))


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def turned(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)


PICTURES = {
    "one pixel": ((1, 1), saved(photograph(1, 1), "PNG")),
    "one column": ((1, 5000), saved(photograph(1, 5000), "PNG")),
    "one row": ((5000, 1), saved(photograph(5000, 1), "PNG")),
    "large": ((6000, 4000), saved(photograph(6000, 4000), "JPEG", quality=70)),
    "grey": ((61, 47), saved(photograph(61, 47).convert("L"), "PNG")),
    "CMYK": ((64, 80), saved(photograph(64, 80).convert("CMYK"), "JPEG")),
    "turned by EXIF": ((90, 40), turned(photograph(90, 40))),
    "WebP": ((33, 32), saved(photograph(33, 32), "WEBP")),
}


def opened(file: bytes) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(file))
    assert (image.format, image.mode) == ("PNG", "L")
    return np.asarray(image)


@pytest.mark.parametrize("kind", PICTURES)
def test_the_class_map_has_the_size_of_the_sent_picture_and_the_classes_of_the_network(
    kind: str, published: Published, served: Runtime
) -> None:
    size_wh, file = PICTURES[kind]
    pixels, sent_wh = decode_sized(file, PIXELS)
    with torch.inference_mode():
        graph = SegmentationGraph(network(), spec().normalisation)
        classes = graph(torch.from_numpy(pixels)[None])[0].numpy()
    wanted = to_sent_size(classes, sent_wh, MapFit("letterbox"))
    for runtime in (published.in_process(), served):
        found = opened(runtime({"IMAGE": files_array([file])})["CLASS_MAP"].item())
        assert found.shape == size_wh[::-1]
        assert (found != wanted).mean() <= 1e-3
    assert 1 in size_wh or len(np.unique(wanted)) > 1  # else the test would show nothing


def test_pictures_of_one_request_may_have_different_sizes(published: Published, served: Runtime) -> None:
    files = files_array([PICTURES[kind][1] for kind in ("grey", "one pixel", "WebP")])
    maps = served({"IMAGE": files})["CLASS_MAP"]
    assert maps.shape == (3, 1)
    assert [opened(file).shape for file in maps[:, 0]] == [(47, 61), (1, 1), (32, 33)]
    in_process = published.in_process()({"IMAGE": files})["CLASS_MAP"]
    for one, other in zip(maps[:, 0], in_process[:, 0], strict=True):
        assert (opened(one) != opened(other)).mean() <= 1e-3


def test_the_graph_gives_the_class_with_the_largest_logit() -> None:
    logits = torch.randn(2, 5, 4, 6, generator=torch.Generator().manual_seed(2))

    class Known(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return logits + 0 * x.sum()

    classes = SegmentationGraph(Known(), spec().normalisation)(torch.zeros(2, 4, 6, 3, dtype=torch.uint8))
    assert classes.dtype == torch.uint8
    assert np.array_equal(classes.numpy(), logits.numpy().argmax(axis=1))


def test_the_steps_are_shared_by_name_and_the_labels_reach_clients(folder: Path) -> None:
    assert {child.name for child in folder.iterdir() if child.name[0] != "."} == {
        "tiny",
        "tiny_network",
        "pixels_rgb_32x16_letterbox",
        "class_map_letterbox",
    }
    ensemble = read_config(folder, "tiny")
    assert ensemble["parameters"]["task"]["string_value"] == "image-segmentation"
    assert '"background", "0", "1"' in ensemble["parameters"]["labels"]["string_value"]
    assert [(output["name"], output["data_type"]) for output in ensemble["output"]] == [("CLASS_MAP", "TYPE_STRING")]
    step = read_config(folder, "class_map_letterbox")
    assert step["parameters"] == {"fit": {"string_value": "letterbox"}}
    network_config = read_config(folder, "tiny_network")
    assert [(o["name"], o["data_type"], o["dims"]) for o in network_config["output"]] == [
        ("CLASSES", "TYPE_UINT8", ["16", "32"])
    ]


def test_the_step_of_a_crop_with_a_shorter_side_is_another_one() -> None:
    cropped = replace(spec(), pixels=PixelSpec(32, 32, fit="crop", shorter_side=40))
    (_, step), _ = ImageSegmentation().steps(cropped, "tiny_network")
    assert (step.name, step.parameters) == ("class_map_crop40", {"fit": "crop", "shorter_side": "40"})


class Unsteady(nn.Module):
    """Gives every second picture of a batch another class."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = x.mean(dim=1, keepdim=True) + self.weight
        average = first.mean(dim=0, keepdim=True)  # of the batch: a picture's answer depends on its mates
        return torch.cat([first, average.expand_as(first), *[first - 9] * 9], dim=1)


def test_a_map_that_depends_on_the_batch_is_refused(tmp_path: Path) -> None:
    setting = Setting(tmp_path / "repository", reproducers=tmp_path / "reproducers", serve=False)
    with pytest.raises(VerificationFailed, match="output CLASSES of ONNX Runtime differs from PyTorch"):
        list(export_import(Imported(spec(), Unsteady(), "a test", "random"), setting))


@pytest.mark.parametrize("labels", [(), tuple(map(str, range(257)))])
def test_more_classes_than_a_byte_holds_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=f"tiny: expected 1 to 256 labels, got {len(labels)}"):
        ImageSegmentation().graph(spec(labels=labels), network())

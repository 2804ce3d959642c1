"""Every task, over every way, against real models whose answers can be worked out from the pixels."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import pytest
from client.further_repository import OPERATIONS
from client.task_repository import CELLS, COLOURS, LEVELS
from numpy.typing import NDArray
from serving import Service
from ways import client_over

import sightline
from sightline import Client


@pytest.fixture
def client(way: str, tasks: Service) -> Iterator[Client]:
    with client_over(way, tasks.http_url, tasks.grpc_url, timeout=30) as client:
        yield client


def cells() -> NDArray[np.uint8]:
    """The colours of 8 x 8 cells: areas of red and of green overlap, one cell is blue, and the rest is nearly black."""
    grid = np.full((CELLS, CELLS, 3), 3, np.uint8)
    grid[1:3, 2:6, 0] = 200
    grid[2, 3, 0] = 96
    grid[2:8, 0:3, 1] = 255
    grid[6, 7, 2] = 140
    return grid


@dataclass(frozen=True, eq=False)
class Picture:
    """The cells as a picture, in a form that the client takes."""

    sent: Any
    size: tuple[int, int]
    """(width, height), upright."""
    tolerance: float = 0
    """How many levels the file may be off."""

    @property
    def cell_wh(self) -> tuple[int, int]:
        return self.size[0] // CELLS, self.size[1] // CELLS

    def enlarged(self, grid: NDArray[Any]) -> NDArray[Any]:
        """What (8, 8) values are at the size of the picture."""
        width, height = self.cell_wh
        return grid.repeat(height, axis=0).repeat(width, axis=1)


def pixels(width: int, height: int) -> NDArray[np.uint8]:
    return cells().repeat(height // CELLS, axis=0).repeat(width // CELLS, axis=1)


def file_of(image: PIL.Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def turned_jpeg(orientation: int) -> bytes:
    """A JPEG of 480 x 240 pixels, upright, that is stored turned or mirrored."""
    upright = PIL.Image.fromarray(pixels(480, 240))
    backwards = {3: PIL.Image.Transpose.ROTATE_180, 5: PIL.Image.Transpose.TRANSPOSE, 6: PIL.Image.Transpose.ROTATE_90}
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    return file_of(upright.transpose(backwards[orientation]), "JPEG", quality=100, subsampling=0, exif=exif)


PICTURES = {
    "array as small as the cells": Picture(pixels(8, 8), (8, 8)),
    "wide array": Picture(pixels(48, 16), (48, 16)),
    "tall PIL image": Picture(PIL.Image.fromarray(pixels(24, 104)), (24, 104)),
    "large PNG": Picture(file_of(PIL.Image.fromarray(pixels(1600, 1200)), "PNG"), (1600, 1200)),
    "BMP": Picture(file_of(PIL.Image.fromarray(pixels(64, 64)), "BMP"), (64, 64)),
    "lossless WebP": Picture(file_of(PIL.Image.fromarray(pixels(64, 32)), "WEBP", lossless=True), (64, 32)),
    "JPEG": Picture(file_of(PIL.Image.fromarray(pixels(256, 128)), "JPEG", quality=100, subsampling=0), (256, 128), 3),
    "JPEG upside down": Picture(turned_jpeg(3), (480, 240), 3),
    "JPEG mirrored and turned": Picture(turned_jpeg(5), (480, 240), 3),
    "JPEG turned": Picture(turned_jpeg(6), (480, 240), 3),
}


@pytest.fixture(params=list(PICTURES))
def picture(request: pytest.FixtureRequest) -> Picture:
    return PICTURES[request.param]


def test_a_detector_finds_the_boxes_in_pixels_of_the_sent_picture_best_first(client: Client, picture: Picture) -> None:
    found = client.detect(picture.sent, model="tiny_detector")
    assert found.size == picture.size
    assert found.labels == ("green", "red", "blue")
    assert found.class_ids.tolist() == [1, 0, 2]
    np.testing.assert_allclose(found.scores, np.array([255, 200, 140]) / 255, atol=picture.tolerance / 255, rtol=1e-6)
    in_cells = np.array([[0, 2, 3, 8], [2, 1, 6, 3], [7, 6, 8, 7]])
    assert found.xyxy.tolist() == (in_cells * [*picture.cell_wh, *picture.cell_wh]).tolist()


@pytest.mark.parametrize(("threshold", "labels"), [(0, 3), (0.6, 2), (0.9, 1), (1, 1)])
def test_a_threshold_keeps_what_scores_at_least_as_much(client: Client, threshold: float, labels: int) -> None:
    found = client.detect(pixels(16, 16), model="tiny_detector", threshold=threshold)
    assert found.labels == ("green", "red", "blue")[:labels]


def test_a_detector_that_finds_nothing_answers_with_no_boxes(client: Client) -> None:
    found = client.detect(np.zeros((24, 16), np.uint8), model="tiny_detector", threshold=0)
    assert (len(found), found.xyxy.shape, found.size) == (0, (0, 4), (16, 24))


def test_a_segmentation_gives_every_pixel_of_the_sent_picture_a_class(client: Client, picture: Picture) -> None:
    answer = client.segment(picture.sent, model="tiny_segmenter")
    assert answer.labels == LEVELS
    assert answer.class_map.dtype == np.uint8
    np.testing.assert_array_equal(answer.class_map, picture.enlarged(cells()[..., 0] // 64))
    assert answer.mask("low").sum() == picture.cell_wh[0] * picture.cell_wh[1]


def test_an_embedding_is_the_vector_of_the_model_with_unit_length(client: Client, picture: Picture) -> None:
    vector = client.embed(picture.sent, model="tiny_embedder")
    means = cells().mean(axis=(0, 1))
    assert (vector.dtype, vector.shape) == (np.float32, (len(COLOURS),))
    np.testing.assert_allclose(vector, means / np.linalg.norm(means), atol=max(1e-6, picture.tolerance / 60))
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_vector_that_is_no_embedding_is_the_models_failure(client: Client) -> None:
    with pytest.raises(sightline.InferenceFailed, match="EMBEDDING of length 1, got 0;"):
        client.embed(np.zeros((8, 8, 3), np.uint8), model="tiny_embedder")


def test_an_enhanced_picture_comes_back_as_an_image(client: Client, picture: Picture) -> None:
    image = client.enhance(picture.sent, model="tiny_inverter")
    assert (image.mode, image.size) == ("RGB", (CELLS, CELLS))
    np.testing.assert_allclose(np.asarray(image).astype(int), 255 - cells().astype(int), atol=picture.tolerance)


@pytest.mark.parametrize("class_id", [None, 0, 1, 2])
@pytest.mark.parametrize("model", ["tiny", "tiny_explain"])
def test_an_explanation_is_of_the_class_asked_for_or_of_the_best(
    client: Client, model: str, class_id: int | None
) -> None:
    answer = client.explain(pixels(8, 8), model=model, class_id=class_id)
    explained = 1 if class_id is None else class_id
    light = cells().mean(axis=(0, 1))
    assert (answer.class_id, answer.label, answer.method) == (explained, COLOURS[explained], "share-of-light")
    assert answer.score == pytest.approx(light[explained] / light.sum(), rel=1e-5)
    np.testing.assert_allclose(answer.heatmap, cells()[..., explained] / 255, rtol=1e-6)


def test_a_heat_map_has_the_size_of_the_sent_picture(client: Client, picture: Picture) -> None:
    heatmap = client.explain(picture.sent, model="tiny").heatmap
    assert (heatmap.dtype, heatmap.shape[::-1]) == (np.float32, picture.size)
    # Where a cell and its neighbours are alike, enlarging changes nothing: the green area is 3 x 6 cells at the edge.
    width, height = picture.cell_wh
    inside = heatmap[3 * height : 8 * height, : 2 * width]
    np.testing.assert_allclose(inside, 1, atol=picture.tolerance / 255)
    np.testing.assert_allclose(heatmap[:height, 4 * width :], 3 / 255, atol=picture.tolerance / 255 + 1e-6)


@pytest.mark.parametrize("model", ["tiny_detector", "tiny_segmenter", "tiny_embedder", "tiny_inverter", "tiny"])
def test_what_is_no_picture_is_refused_with_the_servers_reason(client: Client, model: str) -> None:
    ask = {
        "tiny_detector": client.detect,
        "tiny_segmenter": client.segment,
        "tiny_embedder": client.embed,
        "tiny_inverter": client.enhance,
        "tiny": client.explain,
    }[model]
    with pytest.raises(sightline.InvalidRequest, match="expected"):
        ask(b"\x89PNG\r\n\x1a\n and then nothing", model=model)


def test_answers_draw_themselves_into_the_sent_picture(client: Client) -> None:
    sent = turned_jpeg(6)
    found = client.detect(sent, model="tiny_detector")
    assert found.draw(sent).size == found.size == (480, 240)
    assert client.segment(sent, model="tiny_segmenter").draw(sent).width == 480
    assert client.explain(sent, model="tiny").draw(sent).width == 480
    with pytest.raises(sightline.ImageError, match="of 480x240 pixels, got one of 8x8"):
        found.draw(pixels(8, 8))


def test_each_model_is_listed_with_its_task(client: Client) -> None:
    tasks = {model.name: model.task for model in client.models() if model.task and model.name not in OPERATIONS}
    assert tasks == {
        "tiny_detector": "object-detection",
        "tiny_embedder": "image-feature-extraction",
        "tiny_explain": "explanation",
        "tiny_generator": "unconditional-image-generation",
        "tiny_interpolate": "image-to-image",
        "tiny_inverter": "image-to-image",
        "tiny_segmenter": "image-segmentation",
    }


def test_a_model_of_another_task_is_refused_with_both_tasks_named(client: Client) -> None:
    with pytest.raises(sightline.InvalidRequest, match=r"object-detection.*'tiny_segmenter'.*image-segmentation"):
        client.detect(pixels(8, 8), model="tiny_segmenter")

"""Tasks whose answers speak of places in the sent picture: boxes, class maps and heat maps; without a server."""

import io
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sightline import InferenceFailed, InvalidRequest, ModelInfo, _tasks
from sightline._tasks import Answer
from sightline._tasks.explain import resize_heatmap
from sightline._tensors import bytes_tensor
from sightline.images import encode_image

INFO = ModelInfo("toy", None, 1, ("a", "b", "c"), (), ())
UNLABELLED = replace(INFO, labels=())
PICTURE = encode_image(np.zeros((6, 10, 3), np.uint8))
UNREADABLE = b"a format that only the server reads"


def boxes(**changes: Any) -> dict[str, Any]:
    """Two objects and two places of padding."""
    tensors: dict[str, Any] = {
        "num_detections": np.array([[2]], np.int32),
        "detection_boxes": np.array([[[1, 2, 3, 4], [-1, 0, 12, 6.5], [0] * 4, [0] * 4]], np.float32),
        "detection_scores": np.array([[0.25, 0.75, 0, 0]], np.float32),
        "detection_classes": np.array([[2, 0, 0, 0]], np.int32),
    }
    return {**tensors, **changes}


def detect(tensors: dict[str, Any], *, threshold: Any = 0.0, info: ModelInfo = INFO, picture: bytes = PICTURE) -> Any:
    return _tasks.detect(b"x", model="toy", threshold=threshold).decode(Answer(info, tensors, picture))


def test_detections_come_without_padding_best_first_and_clipped_to_the_picture() -> None:
    found = detect(boxes())
    assert found.labels == ("a", "c")
    assert found.class_ids.tolist() == [0, 2]
    assert found.scores.tolist() == [0.75, 0.25]
    assert found.xyxy.tolist() == [[0, 0, 10, 6], [1, 2, 3, 4]]
    assert found.size == (10, 6)
    assert [each.dtype for each in (found.xyxy, found.scores, found.class_ids)] == [np.float32, np.float32, np.int64]


def test_of_a_picture_that_cannot_be_read_here_only_the_size_is_missing() -> None:
    found = detect(boxes(), info=UNLABELLED, picture=UNREADABLE)
    assert (found.size, found.labels) == (None, ("0", "2"))
    assert found.xyxy.tolist() == [[0, 0, 12, 6.5], [1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("threshold", "n"), [(0, 2), (0.25, 2), (0.2500001, 1), (0.75, 1), (1, 0), (np.float64(0.5), 1)]
)
def test_the_threshold_is_the_lowest_score_that_stays(threshold: Any, n: int) -> None:
    assert len(detect(boxes(), threshold=threshold)) == n


def test_padding_is_never_looked_at() -> None:
    tensors = boxes(num_detections=np.array([[1]], np.int32))
    tensors["detection_boxes"][0, 1:] = np.nan
    tensors["detection_scores"][0, 1:] = 7
    tensors["detection_classes"][0, 1:] = -1
    assert detect(tensors).labels == ("c",)
    assert len(detect(boxes(num_detections=np.array([[0]], np.int32)))) == 0


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), "much", None])
def test_a_threshold_that_is_no_score_is_refused_at_once(threshold: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"expected threshold (in \[0, 1\]|to be a number), got .*; pass"):
        _tasks.detect(b"x", model="toy", threshold=threshold)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_detections": np.array([[5]], np.int32)}, "num_detections from 0 to 4, got 5"),
        ({"num_detections": np.array([[-1]], np.int32)}, "num_detections from 0 to 4, got -1"),
        ({"num_detections": np.array([[2.0]], np.float32)}, "num_detections as int32"),
        ({"num_detections": np.array([2], np.int32)}, r"shape \(1, 1\), got int32 of shape \(1,\)"),
        ({"detection_boxes": np.zeros((1, 4, 5), np.float32)}, r"shape \(1, N, 4\)"),
        ({"detection_scores": np.zeros((1, 3), np.float32)}, "4 boxes, 3 scores and 4 classes"),
        ({"detection_scores": np.array([[2, 0, 0, 0]], np.float32)}, r"detection_scores in \[0, 1\], got 0 to 2"),
        ({"detection_scores": np.array([[np.nan, 0, 0, 0]], np.float32)}, "finite detection_scores"),
        ({"detection_classes": np.array([[3, 0, 0, 0]], np.int32)}, "below 3, one for each label, got 3"),
        ({"detection_classes": np.array([[-1, 0, 0, 0]], np.int32)}, "detection_classes of 0 or larger, got -1"),
        ({"detection_classes": np.array([[1, 0, 0, 0]])}, "detection_classes as int32"),
        ({"detection_boxes": np.full((1, 4, 4), np.inf, np.float32)}, "finite detection_boxes"),
        ({"detection_boxes": np.array([[[3, 0, 1, 1]] * 4], np.float32)}, r"right, bottom, got \[3.0, 0.0, 1.0, 1.0\]"),
    ],
)
def test_boxes_that_are_not_what_the_task_promises_are_the_models_failure(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceFailed, match=message) as caught:
        detect(boxes(**changes))
    assert caught.value.model == "toy"


def png(image: PIL.Image.Image, **options: Any) -> dict[str, Any]:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return {"CLASS_MAP": bytes_tensor(file.getvalue())}


def class_map(mode: str, size: tuple[int, int] = (10, 6)) -> PIL.Image.Image:
    """The class 2 in the upper left corner, 0 elsewhere."""
    image = PIL.Image.new(mode, size)
    image.putpixel((0, 0), 2)
    if mode == "P":
        image.putpalette([9, 9, 9, 8, 8, 8, 200, 100, 50])
    return image


def segment(tensors: dict[str, Any], *, info: ModelInfo = INFO, picture: bytes = PICTURE) -> Any:
    return _tasks.segment(b"x", model="toy").decode(Answer(info, tensors, picture))


@pytest.mark.parametrize("mode", ["L", "P"])
def test_a_class_map_is_the_bytes_of_its_png_or_the_places_in_its_palette(mode: str) -> None:
    answer = segment(png(class_map(mode)))
    assert (answer.class_map.shape, answer.class_map.dtype, answer.labels) == ((6, 10), np.uint8, ("a", "b", "c"))
    assert (answer.class_map[0, 0], answer.class_map.sum()) == (2, 2)
    assert segment(png(class_map(mode)), info=UNLABELLED).labels == ("0", "1", "2")


def test_a_class_map_of_an_unreadable_picture_may_have_any_size() -> None:
    assert segment(png(class_map("L", (3, 4))), picture=UNREADABLE).size == (3, 4)


def test_a_class_map_of_a_turned_picture_is_upright() -> None:
    file, exif = io.BytesIO(), PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.new("RGB", (10, 6)).save(file, "JPEG", exif=exif)
    assert segment(png(class_map("L", (6, 10))), picture=file.getvalue()).size == (6, 10)


def few_bits() -> dict[str, Any]:
    """The classes 0 to 3 in grey of two bits, which Pillow reads as 0, 85, 170 and 255."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = chunk(b"IHDR", (4).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes([2, 0, 0, 0, 0]))
    pixels = chunk(b"IDAT", zlib.compress(bytes([0, 0b00_01_10_11])))
    return {"CLASS_MAP": bytes_tensor(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""))}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (png(class_map("L", (6, 10))), "CLASS_MAP of the size of the picture, 10x6, got 6x10"),
        (png(PIL.Image.new("RGB", (10, 6))), "one byte per pixel .* got mode RGB with 8 bits"),
        (png(PIL.Image.new("1", (10, 6))), "got mode 1 with 1 bits"),
        (png(PIL.Image.new("I;16", (10, 6))), "got mode I;16 with 16 bits"),
        (png(PIL.Image.new("L", (10, 6), 3)), "class ids in CLASS_MAP below 3, one for each label, got 3"),
        ({"CLASS_MAP": bytes_tensor(b"GIF89a")}, "a PNG as CLASS_MAP"),
        ({"CLASS_MAP": bytes_tensor(b"")}, "a PNG as CLASS_MAP"),
        ({"CLASS_MAP": np.zeros((1, 1))}, "CLASS_MAP as object"),
    ],
)
def test_a_class_map_that_is_not_what_the_task_promises_is_the_models_failure(
    tensors: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceFailed, match=message) as caught:
        segment(tensors)
    assert caught.value.model == "toy"


def test_a_class_map_of_few_bits_is_refused_rather_than_misread() -> None:
    with pytest.raises(InferenceFailed, match="got mode L with 2 bits"):
        segment(few_bits(), picture=UNREADABLE)


def heat(**changes: Any) -> dict[str, Any]:
    tensors: dict[str, Any] = {
        "HEATMAP": np.array([[[0, 1], [0, 1]]], np.float32),
        "CLASS_ID": np.array([[2]], np.int32),
        "SCORE": np.array([[0.5]], np.float32),
    }
    return {**tensors, **changes}


def explain(tensors: dict[str, Any], *, class_id: Any = None, info: ModelInfo = INFO, picture: bytes = PICTURE) -> Any:
    return _tasks.explain(b"x", model="toy", class_id=class_id).decode(Answer(info, tensors, picture))


@pytest.mark.parametrize(("model", "served"), [("cnn", "cnn_explain"), ("cnn_explain", "cnn_explain")])
@pytest.mark.parametrize(("class_id", "sent"), [(None, -1), (0, 0), (2**31 - 1, 2**31 - 1), (np.int64(3), 3)])
def test_explain_asks_the_explaining_model_of_a_model(model: str, served: str, class_id: Any, sent: int) -> None:
    call = _tasks.explain(b"x", model=model, class_id=class_id)
    assert call.model == served
    assert (call.inputs["CLASS_ID"].dtype, call.inputs["CLASS_ID"].tolist()) == (np.int32, [[sent]])


@pytest.mark.parametrize("class_id", [-1, 2**31, 1.0, "1"])
def test_what_is_no_class_id_is_refused_at_once(class_id: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"expected class_id (from 0 to 2147483647|to be an int), got .*; pass"):
        _tasks.explain(b"x", model="cnn", class_id=class_id)


def test_an_explanation_says_what_it_explains_and_how() -> None:
    answer = explain(heat(), class_id=2, info=replace(INFO, method="grad-cam"))
    assert (answer.label, answer.class_id, answer.score, answer.method) == ("c", 2, 0.5, "grad-cam")
    assert (answer.heatmap.shape, answer.heatmap.dtype) == ((6, 10), np.float32)
    assert (explain(heat()).method, explain(heat(), info=UNLABELLED).label) == ("unknown", "2")
    assert explain(heat(), picture=UNREADABLE).heatmap.tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"HEATMAP": np.full((1, 2, 2), 1.5, np.float32)}, r"HEATMAP in \[0, 1\], got 1.5 to 1.5"),
        ({"HEATMAP": np.full((1, 2, 2), np.nan, np.float32)}, "finite HEATMAP"),
        ({"HEATMAP": np.zeros((1, 4), np.float32)}, r"HEATMAP as float32 of shape \(1, h, w\)"),
        ({"CLASS_ID": np.array([[1]], np.int32)}, "an explanation of class 2, got one of class 1"),
        ({"CLASS_ID": np.array([[-1]], np.int32)}, "CLASS_ID of 0 or larger"),
        ({"CLASS_ID": np.array([[3]], np.int32)}, "CLASS_ID below 3"),
        ({"SCORE": np.array([[-0.5]], np.float32)}, r"SCORE in \[0, 1\]"),
        ({"SCORE": np.array([0.5], np.float32)}, r"SCORE as float32 of shape \(1, 1\)"),
    ],
)
def test_a_heat_map_that_is_not_what_the_task_promises_is_the_models_failure(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceFailed, match=message):
        explain(heat(**changes), class_id=2)


def test_heat_is_resampled_bilinearly_between_the_centres_of_its_cells() -> None:
    two = np.array([[0, 1]], np.float32)
    np.testing.assert_allclose(resize_heatmap(two, (4, 1)), [[0, 0.25, 0.75, 1]], atol=1e-6)
    assert resize_heatmap(two, (3, 5)).shape == (5, 3)
    same = np.random.default_rng(0).random((5, 7), np.float32)
    np.testing.assert_allclose(resize_heatmap(same, (7, 5)), same, atol=1e-6)
    larger = resize_heatmap(same, (700, 300))
    assert 0 <= larger.min() <= larger.max() <= 1

"""The task: boxes in the pixels of the sent picture, without duplicates, the same in every runtime and batch."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from serving import Serve, Service
from torch import Tensor, nn

from sightline import Client
from sightline_backend.pixels import Fit, PixelSpec
from sightline_backend.steps import files_array
from sightline_export.datasets.marked import fitted_boxes
from sightline_export.datasets.scene_files import scene_pictures
from sightline_export.exporter import export_recipe
from sightline_export.graph.trace import trace
from sightline_export.measures.figures import Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.models.detector import Detector, DetectorConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Recipe
from sightline_export.release import Setting
from sightline_export.runtimes import onnx_runtime
from sightline_export.tasks.detection_graph import in_sent_picture, ranked, suppressed
from sightline_export.tasks.object_detection import ObjectDetection
from sightline_export.verification.parity import Arrays, Runtime, compare
from sightline_export.verification.truth import find_truth, whole_model

# torch remarks that two inputs share the axis "batch", which is meant.
pytestmark = pytest.mark.filterwarnings("ignore:# The axis name")
SIDE = 128


def spec_of(task: ObjectDetection, fit: Fit = "letterbox", batch: int = 8) -> ModelSpec:
    return ModelSpec(
        name="finder",
        summary="a test",
        architecture="none",
        task=task,
        pixels=PixelSpec(SIDE, SIDE, fit=fit),
        pictures=scene_pictures,
        normalisation=PLUS_MINUS_ONE,
        labels=("bright",),
        max_batch_size=batch,
    )


class BrightRegion(nn.Module):
    """Finds the box around all bright pixels; with it, as a detector would, a weaker duplicate and a non-object."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        bright = x.amin(dim=1) > 0.5  # (B, h, w): grey borders are at -0.1
        columns, rows = bright.any(dim=1).float(), bright.any(dim=2).float()
        places = torch.arange(SIDE, dtype=torch.float32)
        ends = [
            torch.where(line > 0, sign * places + max(sign, 0), -1e4).amax(dim=1) * sign
            for line, sign in ((columns, -1), (rows, -1), (columns, 1), (rows, 1))
        ]
        box = torch.stack(ends, dim=1)[:, None]  # (B, 1, 4)
        logits = torch.tensor([[[2.0], [3.0], [-5.0]]]) + 0 * box[..., :1]  # (B, 3, 1)
        return logits, torch.cat([box + 1, box, box * 0 + torch.tensor([0.0, 0.0, 128.0, 128.0])], dim=1)


def torch_runtime(spec: ModelSpec, network: nn.Module) -> Runtime:
    graph = spec.task.graph(spec, network).eval()
    names = [tensor.name for tensor in spec.task.network_signature(spec).outputs]

    def ask(inputs: Arrays) -> Arrays:
        with torch.no_grad():
            answers = graph(torch.from_numpy(inputs["PIXELS"]), torch.from_numpy(inputs["SIZE_WH"]))
        return {name: answer.numpy() for name, answer in zip(names, answers, strict=True)}

    return ask


def picture(size_wh: tuple[int, int], box: tuple[int, int, int, int], mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", size_wh)
    image.paste((255, 255, 255), box)
    return image.convert(mode)


def encoded(image: Image.Image, format: str, orientation: int | None = None) -> bytes:
    file, exif = BytesIO(), Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    image.save(file, format, exif=exif, quality=95)
    return file.getvalue()


BOX = (160, 60, 320, 180)  # in 640x480
SENT = {
    "PNG": (encoded(picture((640, 480), BOX), "PNG"), (640, 480), BOX),
    "grey JPEG": (encoded(picture((640, 480), BOX, "L"), "JPEG"), (640, 480), BOX),
    "CMYK JPEG": (encoded(picture((640, 480), BOX, "CMYK"), "JPEG"), (640, 480), BOX),
    # Orientation 6: the camera was turned, what is stored has to be turned right by 90 degrees to stand upright.
    "turned by EXIF": (
        encoded(picture((640, 480), BOX).transpose(Image.Transpose.ROTATE_90), "JPEG", 6),
        (640, 480),
        BOX,
    ),
    "6000x4000": (
        encoded(picture((6000, 4000), (1500, 600, 3000, 1800)), "JPEG"),
        (6000, 4000),
        (1500, 600, 3000, 1800),
    ),
    "1x5000": (encoded(picture((1, 5000), (0, 1000, 1, 3000)), "PNG"), (1, 5000), (0, 1000, 1, 3000)),
    "5000x1": (encoded(picture((5000, 1), (1000, 0, 3000, 1)), "PNG"), (5000, 1), (1000, 0, 3000, 1)),
    "1x1": (encoded(picture((1, 1), (0, 0, 1, 1)), "PNG"), (1, 1), (0, 0, 1, 1)),
    "37x91": (encoded(picture((37, 91), (10, 20, 30, 60)), "PNG"), (37, 91), (10, 20, 30, 60)),
}


@pytest.fixture(scope="module")
def finder(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """`finder` exported and served."""
    folder = tmp_path_factory.mktemp("finder")
    recipe = Recipe(
        spec=spec_of(ObjectDetection()),
        build=BrightRegion,
        train=lambda network, checkpoint: iter(()),
        key="nothing to train",
        evaluate=lambda _: Measurement(()),
    )
    list(export_recipe(recipe, Setting(folder / "model_repository", 1, serve=False), folder))
    return serve(folder / "model_repository")


def test_served_boxes_are_in_pixels_of_the_sent_picture(finder: Service) -> None:
    for url in (finder.http_url, finder.grpc_url):
        with Client(url, timeout=60) as client:
            for kind, (content, size_wh, box) in SENT.items():
                found = client.detect(content, model="finder")
                assert found.size == size_wh, kind
                assert found.labels == ("bright",), kind
                assert np.abs(found.xyxy[0] - box).max() <= 1.01 * max(size_wh) / SIDE + 1e-3, kind


@pytest.mark.parametrize("fit", ["letterbox", "squash"])
@pytest.mark.parametrize("kind", SENT)
def test_boxes_are_in_pixels_of_the_sent_picture(kind: str, fit: Fit) -> None:
    content, size_wh, box = SENT[kind]
    spec = spec_of(ObjectDetection(), fit)
    answers = whole_model(spec, torch_runtime(spec, BrightRegion()))({"IMAGE": files_array([content])})
    assert answers["num_detections"].tolist() == [[1]]  # the duplicate and the weak one are gone
    assert answers["detection_scores"][0, 0] == pytest.approx(1 / (1 + np.exp(-3)))
    one_pixel = max(size_wh) / SIDE if fit == "letterbox" else np.array([*size_wh, *size_wh]) / SIDE
    assert (np.abs(answers["detection_boxes"][0, 0] - box) <= 1.01 * one_pixel + 1e-3).all(), answers
    assert not answers["detection_boxes"][0, 1:].any()
    assert not answers["detection_scores"][0, 1:].any()
    assert not answers["detection_classes"][0, 1:].any()


def test_pictures_of_all_sizes_share_a_batch() -> None:
    spec = spec_of(ObjectDetection())
    model = whole_model(spec, torch_runtime(spec, BrightRegion()))
    files = [content for content, _, _ in SENT.values()]
    together = model({"IMAGE": files_array(files)})
    for row, content in enumerate(files):
        alone = model({"IMAGE": files_array([content])})
        assert alone["num_detections"][0] == together["num_detections"][row]
        np.testing.assert_allclose(together["detection_boxes"][row], alone["detection_boxes"][0], rtol=1e-5)


def test_nothing_in_the_margin_of_a_letterbox_is_an_object() -> None:
    class Margin(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return torch.full((len(x), 1, 1), 3.0), torch.tensor([[[0.0, 0.0, 128.0, 20.0]]]).expand(len(x), 1, 4)

    spec = spec_of(ObjectDetection())
    content = encoded(picture((200, 100), (0, 0, 9, 9)), "PNG")  # lies at rows 32 to 96
    answers = whole_model(spec, torch_runtime(spec, Margin()))({"IMAGE": files_array([content])})
    assert answers["num_detections"].tolist() == [[0]]


@pytest.mark.parametrize("fit", ["letterbox", "squash"])
def test_boxes_come_back_from_where_the_decoder_put_them(fit: Fit) -> None:
    rng = np.random.default_rng(0)
    spec = PixelSpec(96, 64, fit=fit)
    for _ in range(200):
        width, height = (int(side) for side in np.exp(rng.uniform(0, np.log(6000), 2)))
        corners = np.sort(rng.uniform(0, 1, (3, 2, 2)), axis=1) * (width, height)
        boxes = corners.reshape(3, 4).astype(np.float32)
        there = torch.from_numpy(fitted_boxes(boxes, (width, height), spec))[None]
        back = in_sent_picture(there, torch.tensor([[float(width), float(height)]]), spec)[0].numpy()
        # To the sixth digit, in units of the network's pixels, which may be large.
        np.testing.assert_allclose(back, boxes, atol=1e-4 * max(width, height), err_msg=f"{width}x{height}")


def nms(boxes: NDArray[np.float32], classes: NDArray[np.int64]) -> list[bool]:
    """Fast NMS as the paper says it, box by box."""

    def iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
        wh = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
        shared, *areas = (
            float(sides[0] * sides[1]) for sides in (wh.clip(0), one[2:] - one[:2], other[2:] - other[:2])
        )
        return shared / (sum(areas) - shared)

    return [
        any(classes[i] == classes[j] and iou(boxes[i], boxes[j]) > 0.5 for j in range(i)) for i in range(len(boxes))
    ]


def test_suppression_is_fast_nms() -> None:
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, 30, (4, 25, 2)).astype(np.float32)
    boxes = np.concatenate([corners, corners + rng.uniform(5, 30, (4, 25, 2)).astype(np.float32)], axis=2)
    classes = rng.integers(0, 2, (4, 25))
    gone = suppressed(torch.from_numpy(boxes), torch.from_numpy(classes), 0.5)
    assert gone.tolist() == [nms(*one) for one in zip(boxes, classes, strict=True)]
    assert 5 < gone.sum() < 80


def test_scores_that_differ_by_rounding_alone_rank_by_place() -> None:
    scores = torch.tensor([[0.3, 0.7, 0.7 + 1e-6, 0.7 - 1e-6, 0.9]])
    assert ranked(scores, 5).tolist() == [[4, 1, 2, 3, 0]]
    assert ranked(scores + 1e-6 * torch.randn(5, generator=torch.Generator().manual_seed(0)), 5).tolist() == [
        [4, 1, 2, 3, 0]
    ]
    many = torch.full((1, 256), 0.1)
    many[0, 100], many[0, 101], many[0, 200] = 0.7, 0.70001, 0.8
    assert ranked(many, 4).tolist() == [[200, 100, 101, 0]]
    assert ranked(torch.full((2, 100_000), 0.5), 3).tolist() == [[0, 1, 2]] * 2  # exact for many places too


def a_detector() -> Detector:
    """Random weights that see objects everywhere, many with nearly the same score."""
    torch.manual_seed(0)
    network = Detector(DetectorConfig(widths=(8, 16, 16, 16), head_width=16, head_depth=1, prior=0.4)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return network


def test_the_graph_gives_the_same_answers_in_onnx_runtime_at_every_batch_size(tmp_path: Path) -> None:
    task = ObjectDetection()
    spec = spec_of(task)
    network = a_detector()
    truth = find_truth(spec, torch_runtime(spec, network))  # scenes, and odd pictures of all sizes and modes
    assert truth.answers["num_detections"].max() > 5
    graph = task.graph(spec, network)
    example = tuple(torch.from_numpy(truth.network_inputs[name][:2]) for name in ("PIXELS", "SIZE_WH"))
    trace(graph, example, task.network_signature(spec), tmp_path / "model.onnx")
    outputs = task.network_signature(spec).outputs
    rows = compare(truth.network_answers, onnx_runtime(tmp_path / "model.onnx"), truth.network_inputs, outputs, 8)
    assert {row.batch for row in rows} >= {1, 2, 3, 8}
    assert all(row.holds for row in rows), [row for row in rows if not row.holds]


def test_answers_have_their_places_for_all_and_zeros_for_none() -> None:
    task = ObjectDetection(max_detections=5, candidates=20)
    spec = spec_of(task)
    answers = torch_runtime(spec, a_detector())(
        {"PIXELS": np.zeros((3, SIDE, SIDE, 3), np.uint8), "SIZE_WH": np.full((3, 2), 128, np.int32)}
    )
    assert {name: (array.shape, str(array.dtype)) for name, array in answers.items()} == {
        "num_detections": ((3, 1), "int32"),
        "detection_boxes": ((3, 5, 4), "float32"),
        "detection_scores": ((3, 5), "float32"),
        "detection_classes": ((3, 5), "int32"),
    }
    scores = answers["detection_scores"]
    assert (np.diff(scores, axis=1) <= 1e-3).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_detections": 0}, "expected 1 <= max_detections <= candidates"),
        ({"max_detections": 200}, "expected 1 <= max_detections <= candidates"),
        ({"score_threshold": 0.0}, "between 0 and 1"),
        ({"iou_threshold": 1.0}, "between 0 and 1"),
    ],
)
def test_numbers_outside_of_what_they_can_be_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ObjectDetection(**wrong)  # pyright: ignore[reportArgumentType]


def test_a_fit_that_hides_objects_is_refused() -> None:
    task = ObjectDetection()
    with pytest.raises(ValueError, match="expected the fit letterbox or squash, got crop"):
        task.graph(spec_of(task, "crop"), BrightRegion())

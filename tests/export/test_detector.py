"""The detector's network and its training: the losses of the papers, the right positions, learning, resuming."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.marked import Marked, fitted_boxes, moved
from sightline_export.models.detector import Detector, DetectorConfig, positions
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.detection import (
    DetectionSettings,
    focal_loss,
    generalised_iou,
    targets,
    train_detector,
)
from sightline_export.training.progress import Epoch

SMALL = DetectorConfig(image_size=32, classes=2, widths=(4, 8, 16, 16), head_width=16, head_depth=1)


def squares(step: int) -> Marked:
    """A bright (class 0) or a dark (class 1) square of 10 to 18 pixels on grey."""
    rng = np.random.default_rng(step)
    pixels = np.full((8, 32, 32, 3), 128, np.uint8)
    boxes, classes = np.zeros((8, 1, 4), np.float32), rng.integers(0, 2, (8, 1))
    for index in range(8):
        side = int(rng.integers(10, 19))
        left, top = (int(corner) for corner in rng.integers(0, 32 - side, 2))
        boxes[index, 0] = left, top, left + side, top + side
        pixels[index, top : top + side, left : left + side] = 0 if classes[index, 0] else 255
    return Marked(pixels, list(boxes), list(classes))


def small_detector() -> Detector:
    torch.manual_seed(0)
    return Detector(SMALL)


def run(network: Detector, path: Path, epochs: int = 3) -> Iterator[Epoch]:
    settings = DetectionSettings(epochs=epochs, steps_per_epoch=20, batch_size=8, learning_rate=1e-2)
    return train_detector(network, squares, settings, Checkpoint(path, "run", interval_s=0))


def test_every_position_answers_with_logits_and_a_box() -> None:
    logits, boxes = Detector(DetectorConfig())(torch.zeros(2, 3, 128, 128))
    assert logits.shape == (2, 256, 10)
    assert boxes.shape == (2, 256, 4)
    assert (boxes[..., 2:] > boxes[..., :2]).all()


def test_an_untrained_network_sees_next_to_nothing() -> None:
    scores = small_detector().eval()(torch.zeros(1, 3, 32, 32))[0].sigmoid()
    assert scores.max() < 0.1


def test_positions_lie_in_the_middle_of_their_cells_row_by_row() -> None:
    assert positions(2, 8).tolist() == [[4, 4], [12, 4], [4, 12], [12, 12]]


def test_the_positions_around_the_middle_of_an_object_answer_for_it() -> None:
    marked = Marked(
        np.zeros((2, 32, 32, 3), np.uint8),
        [np.array([[4, 4, 12, 12], [14, 14, 30, 30]], np.float32), np.zeros((0, 4), np.float32)],
        [np.array([1, 0]), np.zeros(0, np.int64)],
    )
    classes, boxes, positive = targets(positions(4, 8), 8, marked)
    # The middles are (8, 8) and (22, 22): the four positions around each, 12,12 belongs to the nearer first.
    assert positive[0].view(4, 4).int().tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert classes[0, 0] == 1
    assert classes[0, 10] == 0
    assert boxes[0, 10].tolist() == [14, 14, 30, 30]
    assert not positive[1].any()


def test_a_position_between_two_objects_answers_for_the_nearer_one() -> None:
    boxes = [np.array([[0, 0, 10, 10], [4, 2, 14, 12]], np.float32)]  # middles (5, 5) and (9, 7)
    marked = Marked(np.zeros((1, 16, 16, 3), np.uint8), boxes, [np.array([0, 1])])
    classes, _, positive = targets(positions(2, 8), 8, marked)
    # Positions (4, 4), (12, 4), (4, 12), (12, 12); the third is 7 from the first middle and 5 from the second.
    assert positive.all()
    assert classes.tolist() == [[0, 1, 1, 1]]


@pytest.mark.parametrize(
    ("probability", "wanted", "loss"),
    [
        (0.9, 1.0, 0.25 * 0.1**2 * -np.log(0.9)),  # right and sure: next to nothing
        (0.1, 1.0, 0.25 * 0.9**2 * -np.log(0.1)),
        (0.9, 0.0, 0.75 * 0.9**2 * -np.log(0.1)),
        (0.5, 0.0, 0.75 * 0.5**2 * -np.log(0.5)),
    ],
)
def test_focal_loss_is_that_of_the_paper(probability: float, wanted: float, loss: float) -> None:
    logit = torch.tensor(probability).logit()
    assert focal_loss(logit, torch.tensor(wanted), 0.25, 2.0).item() == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize(
    ("other", "value"),
    [
        ((0, 0, 4, 4), 1.0),
        ((0, 0, 4, 2), 0.5),
        ((2, 0, 6, 4), 8 / 24),  # the box around both, 6x4, holds nothing else
        ((4, 4, 8, 8), 0 - 32 / 64),  # they touch in a corner: half of the box around both is empty
        ((12, 0, 16, 4), 0 - 32 / 64),
    ],
)
def test_generalised_iou_is_that_of_the_paper(other: tuple[float, ...], value: float) -> None:
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0]]), torch.tensor([other], dtype=torch.float32)
    assert generalised_iou(*boxes).item() == pytest.approx(value)
    assert generalised_iou(*reversed(boxes)).item() == pytest.approx(value)


def test_a_detector_learns_what_can_be_learned(tmp_path: Path) -> None:
    network = small_detector()
    epochs = list(run(network, tmp_path / "d.pt", epochs=8))
    assert epochs[-1].figures["focal loss"] < 0.3 * epochs[0].figures["focal loss"]
    held_out = squares(10_000)
    pixels = torch.from_numpy(held_out.pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    logits, boxes = network(pixels)
    best = logits.amax(dim=2).argmax(dim=1)
    found = boxes[torch.arange(8), best]
    assert logits[torch.arange(8), best].argmax(dim=1).tolist() == [int(own[0]) for own in held_out.classes]
    assert generalised_iou(found, torch.from_numpy(np.concatenate(held_out.boxes_xyxy))).mean() > 0.6


def test_a_stopped_run_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    unbroken, resumed = small_detector(), small_detector()
    list(run(unbroken, tmp_path / "a.pt"))
    list(islice(run(small_detector(), tmp_path / "b.pt"), 2))  # killed after two of three epochs
    epochs = list(run(resumed, tmp_path / "b.pt"))
    assert [epoch.number for epoch in epochs] == [3]
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_pictures_without_objects_can_be_trained_on(tmp_path: Path) -> None:
    def empty(step: int) -> Marked:
        return Marked(
            np.zeros((2, 32, 32, 3), np.uint8), [np.zeros((0, 4), np.float32)] * 2, [np.zeros(0, np.int64)] * 2
        )

    settings = DetectionSettings(epochs=1, steps_per_epoch=2, batch_size=2)
    (epoch,) = train_detector(small_detector(), empty, settings, Checkpoint(tmp_path / "e.pt", "run"))
    assert np.isfinite(list(epoch.figures.values())).all()


def test_moved_pictures_keep_their_boxes_around_their_objects() -> None:
    marked = squares(3)
    again = moved(marked, np.random.default_rng(0))
    kept = 0
    for pixels, boxes, classes in zip(again.pixels, again.boxes_xyxy, again.classes, strict=True):
        for (left, top, right, bottom), dark in zip(boxes.tolist(), classes.tolist(), strict=True):
            object_ = (pixels[..., 0] < 50) if dark else (pixels[..., 0] > 200)
            rows, columns = (np.flatnonzero(object_.any(axis=axis)) for axis in (1, 0))
            wanted = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            np.testing.assert_allclose([left, top, right, bottom], wanted, atol=1.6)
            kept += 1
    assert kept >= 6


def test_boxes_are_fitted_as_their_picture_is() -> None:
    box = np.array([[0, 0, 200, 100]], np.float32)
    assert fitted_boxes(box, (400, 200), PixelSpec(128, 128)).tolist() == [[0, 0, 64, 64]]
    assert fitted_boxes(box, (400, 200), PixelSpec(128, 128, fit="letterbox")).tolist() == [[0, 32, 64, 64]]
    with pytest.raises(ValueError, match="letterbox or squash"):
        fitted_boxes(box, (400, 200), PixelSpec(128, 128, fit="crop"))


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"epochs": 1, "steps_per_epoch": 0}, {"epochs": 1, "batch_size": 1}])
def test_settings_that_cannot_train_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expected epochs"):
        DetectionSettings(**wrong)

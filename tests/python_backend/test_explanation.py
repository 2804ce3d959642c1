"""Heat maps as functions: they point where a network is known to look, in the frame of the picture that was sent."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from PIL import Image

from sightline_backend.errors import ClassIdError, ModelError, ParameterError
from sightline_backend.explanation.explainer import Answer, Ask, Heat, explain
from sightline_backend.explanation.frame import Frame, even_edges, frame_of, to_sent_frame
from sightline_backend.explanation.heatmap import to_heat
from sightline_backend.explanation.masking import baseline_colour, blended
from sightline_backend.explanation.occlusion import occluded
from sightline_backend.explanation.rise import half_hidden, masks_of
from sightline_backend.explanation.spec import ExplainSpec
from sightline_backend.pixels import PixelSpec, fit

from .explained_models import SIDE, SPECS, SQUARE_COLUMNS, SQUARE_ROWS, colours, square

Pixels = npt.NDArray[np.uint8]
SIZE_WH = (SIDE, SIDE)


def asking(model: onnx.ModelProto, most: int = 8) -> Ask:
    """Runs the network, and refuses batches that are larger than what it serves."""
    session: Any = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def ask(batches: Iterable[Pixels], outputs: tuple[str, ...]) -> list[Answer]:
        answers: list[Answer] = []
        for batch in batches:
            assert 1 <= len(batch) <= most
            answers.append(dict(zip(outputs, session.run(list(outputs), {"PIXELS": batch}), strict=True)))
        return answers

    return ask


SQUARE, COLOURS = asking(square()), asking(colours())


def noisy(seed: int = 0, low: int = 100) -> Pixels:
    return np.random.default_rng(seed).integers(low, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def centre_of(heat: npt.NDArray[np.float32]) -> tuple[float, float]:
    """The centre of heat (y, x), as shares of the height and the width."""
    rows, columns = np.indices(heat.shape) + 0.5
    total = float(heat.sum())
    return float((heat * rows).sum()) / total / heat.shape[0], float((heat * columns).sum()) / total / heat.shape[1]


KNOWN_MASKS = [39328, 28376, 28722]
"""Sums of the masks 0, 1 and 299."""
TRUTH = sum(SQUARE_ROWS) / 2 / SIDE, sum(SQUARE_COLUMNS) / 2 / SIDE


def looking_at(top: int, left: int, side: int, most: float = 1.0) -> Ask:
    """A network whose score of class 0 is the light in one square: 0 where it is black, `most` where it is white."""

    def ask(batches: Iterable[Pixels], _: tuple[str, ...]) -> list[Answer]:
        light = [most * batch[:, top : top + side, left : left + side].mean(axis=(1, 2, 3)) / 255 for batch in batches]
        return [{"SCORES": np.stack([share, 1 - share], axis=1).astype(np.float32)} for share in light]

    return ask


def test_occlusion_is_hot_on_the_square_that_the_score_depends_on_and_cold_elsewhere() -> None:
    spec = replace(SPECS["occlusion"], baseline="0")
    heat = explain(noisy(), SIZE_WH, 0, spec, SQUARE).heatmap
    hot = np.argwhere(heat > 0)
    assert heat.shape == (8, 8)
    assert hot.min(axis=0).tolist() == [3, 1]  # the square is cells 4 to 5 by 2 to 3, and a patch reaches one further
    assert hot.max(axis=0).tolist() == [6, 4]
    assert centre_of(heat) == pytest.approx(TRUTH, abs=0.03)


def test_rise_is_hottest_on_the_square_that_the_score_depends_on() -> None:
    spec = replace(SPECS["rise"], baseline="0")
    heat = explain(noisy(), SIZE_WH, 0, spec, SQUARE).heatmap
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert (int(y) in (4, 5), int(x) in (2, 3)) == (True, True)
    assert heat[4:6, 2:4].mean() > 3 * heat.mean()


@pytest.mark.parametrize("stride", [2, 3, 4, 5])
@pytest.mark.parametrize("size_wh", [(28, 28), (280, 280)], ids=str)
def test_heat_lies_on_the_square_also_where_the_stride_does_not_divide_the_side(
    stride: int, size_wh: tuple[int, int]
) -> None:
    """Over all places together: each of them alone is off by what the cells are coarse."""
    side, square = 28, 4
    spec = ExplainSpec(
        "eye", PixelSpec(side, side, mode="gray"), "occlusion", patch=2 * stride, stride=stride, baseline="0"
    )
    white = np.full((side, side, 1), 250, np.uint8)
    off: list[tuple[float, float]] = []
    for top in range(side - square + 1):
        left = side - square - top
        y, x = centre_of(explain(white, size_wh, 0, spec, looking_at(top, left, square)).heatmap)
        off.append((y - (top + square / 2) / side, x - (left + square / 2) / side))
    assert np.abs(np.mean(off, axis=0)).max() < 0.005
    assert np.abs(off).max() < 0.6 * stride / side


def test_what_counts_for_rise_is_the_score_itself_so_a_class_that_has_next_to_none_stays_cold() -> None:
    spec = replace(SPECS["rise"], baseline="0", least_range=0.01)
    white = np.full((SIDE, SIDE, 3), 255, np.uint8)
    hottest = [
        float(explain(white, SIZE_WH, 0, spec, looking_at(8, 4, 4, most)).heatmap.max()) for most in (1.0, 0.1, 0.002)
    ]
    assert hottest[:2] == [1, 1]
    assert hottest[2] < 0.2


@pytest.mark.parametrize(("class_id", "cell"), [(0, (1, 2)), (1, (3, 0)), (-1, (1, 2))])
def test_class_activation_maps_point_at_the_colour_of_the_class(class_id: int, cell: tuple[int, int]) -> None:
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[4:8, 8:12, 0], pixels[12:, :4, 1] = 250, 200
    answer = explain(pixels, SIZE_WH, class_id, SPECS["cam"], COLOURS)
    wanted = np.zeros((4, 4))
    wanted[cell] = 1
    np.testing.assert_allclose(answer.heatmap, wanted, atol=1e-6)
    assert answer.class_id == max(class_id, 0)


def test_attention_points_at_the_light_for_every_class() -> None:
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[4:8, 8:12, 0], pixels[12:, :4, 1] = 250, 125
    maps = [explain(pixels, SIZE_WH, class_id, SPECS["attention"], COLOURS).heatmap for class_id in range(3)]
    assert (maps[0][1, 2], round(float(maps[0][3, 0]), 2)) == (1, 0.5)
    np.testing.assert_array_equal(maps[1], maps[0])
    np.testing.assert_array_equal(maps[2], maps[0])


def test_without_a_class_the_top_one_is_explained() -> None:
    dark = noisy() // 8
    for pixels, top in ((noisy(), 0), (dark, 1)):
        answer = explain(pixels, SIZE_WH, -1, SPECS["occlusion"], SQUARE)
        named = explain(pixels, SIZE_WH, top, SPECS["occlusion"], SQUARE)
        assert (answer.class_id, answer.score) == (top, named.score)
        np.testing.assert_array_equal(answer.heatmap, named.heatmap)


@pytest.mark.parametrize("class_id", [-2, 2, 2**31 - 1])
def test_a_class_that_is_not_there_is_refused_with_the_range(class_id: int) -> None:
    with pytest.raises(ClassIdError, match=f"expected a class from 0 to 1, or -1 for the top class, got {class_id}"):
        explain(noisy(), SIZE_WH, class_id, SPECS["occlusion"], SQUARE)


@pytest.mark.parametrize("method", ["occlusion", "rise"])
def test_a_picture_of_one_colour_has_a_cold_map(method: str) -> None:
    pixels = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert explain(pixels, SIZE_WH, 0, SPECS[method], SQUARE).heatmap.tolist() == np.zeros((8, 8)).tolist()


def test_small_differences_are_not_blown_up() -> None:
    np.testing.assert_array_equal(to_heat(np.array([0.0, 0.5e-4]), 0.0, 0.01), 0)
    assert float(to_heat(np.array([0.0, 1e-3]), 0.0, 0.01).max()) == pytest.approx(0.09)
    assert float(to_heat(np.array([0.0, 5.0]), 0.0, 0.01).max()) == 1


@pytest.mark.parametrize("method", ["occlusion", "rise"])
def test_the_same_request_gives_the_same_bits(method: str) -> None:
    first, again = (explain(noisy(3), SIZE_WH, 0, SPECS[method], SQUARE).heatmap for _ in range(2))
    np.testing.assert_array_equal(first, again)
    masks_of.cache_clear()
    np.testing.assert_array_equal(explain(noisy(3), SIZE_WH, 0, SPECS[method], SQUARE).heatmap, first)


def test_masks_show_half_and_depend_on_the_seed_alone() -> None:
    masks = masks_of(SPECS["rise"])
    assert (masks.shape, masks.dtype, int(masks.min()), int(masks.max())) == ((300, SIDE, SIDE), np.uint8, 0, 255)
    assert float(masks.mean()) == pytest.approx(127.5, abs=4)
    np.testing.assert_allclose(masks.mean(axis=0), 127.5, atol=30)  # no place is shown more often than others
    other = masks_of(replace(SPECS["rise"], seed=1))
    assert not np.array_equal(other, masks)
    # golden answers depend on these bits: they stay the same on every machine
    assert [int(masks[k].astype(np.int64).sum()) for k in (0, 1, 299)] == KNOWN_MASKS


def test_every_place_is_hidden_equally_often() -> None:
    spec = replace(SPECS["occlusion"], baseline="0")
    hidden = np.concatenate(list(occluded(np.full((SIDE, SIDE, 3), 200, np.uint8), spec))) == 0
    assert hidden.shape == (81, SIDE, SIDE, 3)
    assert np.unique(hidden.sum(axis=0)).tolist() == [4]
    assert len(np.concatenate(list(half_hidden(noisy(), SPECS["rise"])))) == 300


@pytest.mark.parametrize(("baseline", "level"), [("mean", 125), ("7", 7)])
def test_hiding_mixes_the_picture_with_the_baseline(baseline: str, level: int) -> None:
    pixels = np.array([[[20], [99], [255]]], np.uint8)
    colour = baseline_colour(pixels, baseline)
    assert colour.tolist() == [level]
    shown = np.array([[[255, 255, 255]], [[0, 0, 0]], [[51, 255, 255]]], np.uint8)
    wanted = [[20, 99, 255], [level, level, level], [round(0.2 * 20 + 0.8 * level), 99, 255]]
    assert blended(pixels, shown, colour)[..., 0].reshape(3, 3).tolist() == wanted


EVEN = even_edges(4), even_edges(4)
SIZES = [(16, 16), (30, 20), (20, 30), (7, 300), (300, 7), (1, 1), (641, 480)]
FITS = [
    PixelSpec(16, 16),
    PixelSpec(24, 16, fit="crop"),
    PixelSpec(16, 16, fit="letterbox"),
    PixelSpec(12, 16, fit="letterbox"),
    PixelSpec(16, 16, fit="crop", shorter_side=20),
]


@pytest.mark.parametrize("spec", FITS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("size_wh", SIZES, ids=str)
def test_the_frame_is_where_the_decoder_puts_the_picture(spec: PixelSpec, size_wh: tuple[int, int]) -> None:
    """Red says how far right a place of the picture is, green how far down."""
    width, height = size_wh
    ramps = np.zeros((height, width, 3), np.uint8)
    ramps[..., 0] = np.rint(255 * (np.arange(width) + 0.5) / width)
    ramps[..., 1] = np.rint(255 * (np.arange(height)[:, None] + 0.5) / height)
    ramps[..., 2] = 255
    pixels = fit(Image.fromarray(ramps), spec).astype(float)
    frame = frame_of(size_wh, spec)
    inside = pixels[..., 2] == 255  # what is not grey of a letterbox
    for axis, (start, end), channel in ((1, frame.across, 0), (0, frame.down, 1)):
        size = pixels.shape[axis]
        places = np.asarray(start + (end - start) * (np.indices(inside.shape)[axis] + 0.5) / size, dtype=np.float64)
        sides = (width, height)[channel]
        # half a pixel of the sent picture, or of the network's, is what resampling may move; a level what rounding may
        leeway = 0.5 / sides + 0.6 * (end - start) / size + 1 / 255
        assert np.abs(pixels[..., channel] / 255 - places)[inside].max() <= leeway


def test_a_heat_map_of_a_crop_lies_in_the_middle_of_the_sent_picture() -> None:
    heat = np.ones((4, 4), np.float32)
    frame = frame_of((200, 100), PixelSpec(50, 50, fit="crop"))
    assert to_sent_frame(heat, frame, EVEN).tolist() == [[0, 1, 1, 0]] * 4


def test_a_heat_map_of_a_letterbox_is_cut_to_the_picture() -> None:
    heat = np.zeros((4, 4), np.float32)
    heat[0] = 1  # the grey above the picture
    heat[1, 1] = 1
    frame = frame_of((200, 100), PixelSpec(40, 40, fit="letterbox"))
    assert to_sent_frame(heat, frame, EVEN).tolist() == [[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("size_wh", [(1, 5000), (5000, 1), (1, 1), (6000, 4000)])
@pytest.mark.parametrize("spec", FITS, ids=lambda spec: spec.name)
def test_heat_stays_in_its_range_for_every_shape_of_picture(spec: PixelSpec, size_wh: tuple[int, int]) -> None:
    heat = np.random.default_rng(0).random((8, 8)).astype(np.float32)
    laid = to_sent_frame(heat, frame_of(size_wh, spec), (even_edges(8), even_edges(8)))
    assert (laid.shape, laid.dtype) == ((8, 8), np.float32)
    assert 0 <= laid.min() < laid.max() <= 1


@pytest.mark.parametrize("method", ["occlusion", "rise"])
def test_cells_that_the_edge_cuts_off_are_laid_where_their_pixels_are(method: str) -> None:
    """Ten pixels across in cells of 4, 4 and 2: a third of the picture holds parts of two of them."""
    spec = replace(SPECS[method], pixels=PixelSpec(10, 8, mode="gray"), patch=4, stride=4)
    heat = np.array([[1, 0, 1], [0, 0, 1]], np.float32)
    laid = to_sent_frame(heat, frame_of((100, 80), spec.pixels), spec.edges_hw)
    np.testing.assert_allclose(laid, [[1, 0.2, 0.6], [0, 0, 0.6]], atol=1e-6)


def test_the_whole_picture_is_not_resampled() -> None:
    heat = np.random.default_rng(0).random((3, 5)).astype(np.float32)
    assert to_sent_frame(heat, Frame((0.0, 1.0), (0.0, 1.0)), (even_edges(3), even_edges(5))) is heat


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "magic"}, "method: expected one of occlusion, rise, cam, attention, got 'magic'"),
        ({"network": None}, "add network to config.pbtxt"),
        ({"method": None}, "add method to config.pbtxt"),
        ({"width": None}, "add width to config.pbtxt"),
        ({"patch": "3"}, "patch: expected a whole multiple of the stride 2, got 3"),
        ({"stride": "0"}, "stride: expected a whole number from 1 to 4096, got 0"),
        ({"stride": "-2"}, "stride: expected a whole number, got '-2'"),
        ({"masks": "1"}, "masks: expected a whole number from 2 to 100000, got 1"),
        ({"masks": "many"}, "masks: expected a whole number, got 'many'"),
        ({"baseline": "256"}, "baseline: expected a level from 0 to 255 or mean, got '256'"),
        ({"baseline": "grey"}, "baseline: expected a level from 0 to 255 or mean, got 'grey'"),
        ({"least_range": "0"}, "least_range: expected a number above 0, got 0.0"),
        ({"least_range": "nan"}, "least_range: expected a number above 0, got nan"),
        ({"least_range": "a"}, "least_range: expected a number, got 'a'"),
        ({"network_batch_size": "0"}, "network_batch_size: expected a whole number from 1 to 4096, got 0"),
        ({"network": ""}, "network: expected the name of a model, got nothing"),
    ],
)
def test_parameters_that_can_not_be_used_are_refused(changes: dict[str, str | None], message: str) -> None:
    given = SPECS["occlusion"].parameters() | changes
    with pytest.raises(ParameterError, match=message.replace("'", ".")):
        ExplainSpec.from_parameters({key: value for key, value in given.items() if value is not None})


@pytest.mark.parametrize("name", SPECS)
def test_parameters_make_the_same_specification_again(name: str) -> None:
    again = ExplainSpec.from_parameters(SPECS[name].parameters())
    assert again.parameters() == SPECS[name].parameters()
    assert (again.map_hw, again.map_output) == (SPECS[name].map_hw, SPECS[name].map_output)


def _one_vector(batches: Iterable[Pixels], outputs: tuple[str, ...]) -> list[Answer]:
    return [{name: np.zeros((len(batch),), np.float32) for name in outputs} for batch in batches]


@pytest.mark.parametrize(
    ("spec", "ask", "message"),
    [
        (SPECS["occlusion"], _one_vector, r"square: expected SCORES of shape \(n, classes\), got \[1\]"),
        (replace(SPECS["cam"], map_width=5), COLOURS, "expected a map of 4x5 .height x width., got 4x4"),
    ],
)
def test_a_network_that_does_not_fit_is_named(spec: ExplainSpec, ask: Ask, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        explain(noisy(), SIZE_WH, 0, spec, ask)


def test_an_answer_holds_the_score_of_its_class() -> None:
    answer = explain(noisy(), SIZE_WH, 1, SPECS["occlusion"], SQUARE)
    (top, bottom), (left, right) = SQUARE_ROWS, SQUARE_COLUMNS
    assert isinstance(answer, Heat)
    assert answer.score == pytest.approx(1 - noisy()[top:bottom, left:right].mean() / 255, abs=1e-6)

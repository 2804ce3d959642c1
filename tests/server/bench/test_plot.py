"""Axes as numbers, and the drawing as pixels."""

import numpy as np
import pytest
from PIL import Image
from server.bench.samples import sample

from sightline_server.bench.interval import median_interval
from sightline_server.bench.plot.axis import Axis, from_zero, logarithmic, of_loads
from sightline_server.bench.plot.chart import BOTTOM, LEFT_PANEL, RIGHT_PANEL, TOP, Chart, Curve, Dot, draw
from sightline_server.bench.plot.from_summaries import COLOURS, charts
from sightline_server.bench.plot.pen import PAPER, Colour, Pen, dashes
from sightline_server.bench.points import Load, Loop, Point, points_of
from sightline_server.bench.summary import summarise

RED, BLUE = COLOURS["http"], COLOURS["grpc"]


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (812, (0, 200, 400, 600, 800, 1000)),
        (1000, (0, 200, 400, 600, 800, 1000)),
        (0.034, (0, 0.01, 0.02, 0.03, 0.04)),
        (11, (0, 2.5, 5, 7.5, 10, 12.5)),
        (0, (0, 0.2, 0.4, 0.6, 0.8, 1)),
    ],
)
def test_an_axis_from_zero_ends_with_a_round_number_above_all(highest: float, ticks: tuple[float, ...]) -> None:
    assert from_zero([highest, highest / 2], 0, 1).ticks == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([3.1, 14], (2, 5, 10, 20)),
        ([5, 5], (5, 10)),
        ([0.09, 1], (0.05, 0.1, 0.2, 0.5, 1)),
        ([1, 70_000], (1, 10, 100, 1000, 10_000, 100_000)),
        ([0, 3], (2, 5)),
    ],
    ids=["between", "one value", "below one", "many decades", "a zero"],
)
def test_a_logarithmic_axis_encloses_all(values: list[float], ticks: tuple[float, ...]) -> None:
    assert logarithmic(values, 0, 1).ticks == pytest.approx(ticks)


@pytest.mark.parametrize("loads", [[1, 8, 32], [8], [50, 62.5]])
def test_each_load_has_a_tick_within_the_panel(loads: list[float]) -> None:
    axis = of_loads(loads, 70, 470)
    places = [axis.place(tick) for tick in axis.ticks]
    assert axis.ticks == tuple(loads)
    assert places == sorted(places)
    assert all(70 < place < 470 for place in places)


def test_places_grow_with_the_values_and_stay_inside() -> None:
    axis = Axis(1, 100, 200, 0, is_logarithmic=True, ticks=())
    assert [axis.place(value) for value in (1, 10, 100, 1000, 0)] == pytest.approx([200, 100, 0, 0, 200])


def test_strokes_and_gaps_go_on_around_a_corner() -> None:
    strokes = dashes([(0, 0), (6, 0), (6, 6)], 4, 4)
    lengths = [abs(x1 - x0) + abs(y1 - y0) for (x0, y0), (x1, y1) in strokes]
    assert lengths == pytest.approx([4, 4])
    assert strokes[1] == (pytest.approx((6, 2), abs=1e-6), pytest.approx((6, 6), abs=1e-6))


def is_at(colour: Colour, picture: Image.Image, x: float, y: float) -> bool:
    # smooth edges reach a level or two into what is beside them
    return bool(np.abs(np.asarray(picture, dtype=int)[round(y), round(x)] - colour).max() < 16)


def test_a_pen_draws_where_it_is_told() -> None:
    pen = Pen(100, 50)
    pen.line([(10, 20), (60, 20)], RED, 4)
    pen.dot((80, 20), BLUE, 6, sides=None, is_hollow=False)
    pen.dot((80, 40), BLUE, 6, sides=4, is_hollow=True)
    picture = pen.finished()
    assert picture.size == (100, 50)
    assert is_at(RED, picture, 30, 20)
    assert is_at(BLUE, picture, 80, 20)
    assert is_at(PAPER, picture, 80, 40)
    assert is_at(PAPER, picture, 30, 40)


def dot(load: float, *values: float, is_hollow: bool = False) -> Dot:
    return Dot(load, median_interval(values), is_hollow)


def test_dots_stand_at_their_figures() -> None:
    rates = Curve("http", RED, (dot(1, 250, 250, 250), dot(100, 1000, 1000, 1000, is_hollow=True)))
    latencies = Curve("p50", BLUE, (dot(1, 2, 2, 2), dot(100, 200, 200, 200)))
    picture = draw(Chart("a model", "requests in flight", (rates,), (latencies,), "a remark"))
    loads = of_loads([1, 100], *LEFT_PANEL)
    height = BOTTOM - TOP
    assert is_at(RED, picture, loads.place(1), BOTTOM - height / 4)
    assert is_at(PAPER, picture, loads.place(100), TOP)
    right = of_loads([1, 100], *RIGHT_PANEL)
    assert is_at(BLUE, picture, right.place(1), BOTTOM)
    assert is_at(BLUE, picture, right.place(100), TOP)


def test_an_interval_is_as_long_as_it_is() -> None:
    def rows_of_colour(values: tuple[float, ...]) -> int:
        curve = Curve("http", RED, (dot(8, *values),))
        picture = draw(Chart("", "", (curve,), (Curve("p50", BLUE, (dot(8, 1),)),), ""))
        inside = np.asarray(picture, dtype=int)[TOP:BOTTOM]
        return int(np.count_nonzero((inside[..., 0] - inside[..., 2] > 100).any(axis=1)))

    longer, shorter = rows_of_colour((500, 700, 1000)), rows_of_colour((600, 700, 1000))
    assert longer - shorter == pytest.approx((BOTTOM - TOP) / 10, abs=1)


def test_nothing_is_written_outside_of_the_picture() -> None:
    points = points_of(["a_model_with_quite_a_long_name"], ["http", "grpc"], [Load(Loop.CLOSED, n) for n in (1, 8, 32)])
    samples = [sample(point, throughput_per_s=123456, p50_ms=4321) for point in points]
    (chart,) = charts(summarise(points, samples, 10), 10).values()
    pixels = np.asarray(draw(chart))
    edges = [pixels[:, :4], pixels[:, -4:], pixels[:4], pixels[-4:]]
    assert all((edge == 255).all() for edge in edges)


def test_each_model_and_loop_has_a_chart_of_its_protocols() -> None:
    loads = [Load(Loop.CLOSED, 1), Load(Loop.CLOSED, 8), Load(Loop.OPEN, 50)]
    points = points_of(["cnn", "gan"], ["http", "grpc"], loads)
    samples = [sample(point) for point in points if point != Point("gan", "grpc", loads[2])]
    found = charts(summarise(points, samples, 10), 10)
    assert list(found) == [(model, loop) for model in ("cnn", "gan") for loop in (Loop.CLOSED, Loop.OPEN)]
    closed = found["cnn", Loop.CLOSED]
    assert [(curve.name, [each.load for each in curve.dots]) for curve in closed.throughput] == [
        ("http", [1, 8]),
        ("grpc", [1, 8]),
    ]
    assert [curve.name for curve in closed.latency] == ["p50", "p95", "p99"] * 2
    assert [curve.name for curve in found["gan", Loop.OPEN].throughput] == ["http"]


def test_the_title_says_how_tensors_were_passed() -> None:
    for shared_memory, title in ((False, "cnn: closed loop"), (True, "cnn: closed loop, shared memory")):
        points = points_of(["cnn"], ["http"], [Load(Loop.CLOSED, 8)], shared_memory=shared_memory)
        (chart,) = charts(summarise(points, [sample(points[0])], 10), 10).values()
        assert chart.title == title


def test_unstable_points_are_hollow_and_the_remark_says_what_that_is() -> None:
    points = points_of(["cnn"], ["http"], [Load(Loop.CLOSED, 1), Load(Loop.CLOSED, 8)])
    samples = [sample(points[0]), sample(points[1], spread=(500, 800, 800))]
    (chart,) = charts(summarise(points, samples, 10), 10).values()
    assert [each.is_hollow for each in chart.throughput[0].dots] == [False, True]
    assert "Hollow: windows of a round differ by more than 10 %" in chart.remark

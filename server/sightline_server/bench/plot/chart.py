"""A picture with two panels: throughput, and latency, each against load."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from sightline_server.bench.interval import MedianInterval
from sightline_server.bench.plot.axis import Axis, from_zero, logarithmic, of_loads, tick_text
from sightline_server.bench.plot.pen import Colour, Pen

WIDTH, HEIGHT = 1000, 600
INK: Colour = (33, 33, 33)
QUIET: Colour = (110, 110, 110)
GRID: Colour = (226, 226, 226)
TOP, BOTTOM = 130, HEIGHT - 86
LEFT_PANEL, RIGHT_PANEL = (70, 470), (570, 970)
TITLE_SIZE, HEADING_SIZE, TEXT_SIZE, SMALL_SIZE = 20, 15, 13, 12


@dataclass(frozen=True)
class Dot:
    """One point of a curve. is_hollow: it is drawn so, because something is to be known of it."""

    load: float
    value: MedianInterval
    is_hollow: bool


@dataclass(frozen=True)
class Curve:
    """Dots of one colour, joined in the order of their loads."""

    name: str
    colour: Colour
    dots: tuple[Dot, ...]
    dash: tuple[float, float] | None = None
    """Lengths of strokes and gaps; None for an unbroken line."""
    sides: int | None = None
    """Of its dots; None for circles."""
    offset: float = 0.0
    """Pixels to the right, so that the intervals of curves do not hide one another."""


@dataclass(frozen=True)
class Chart:
    """Everything that is drawn."""

    title: str
    load_name: str
    throughput: tuple[Curve, ...]
    latency: tuple[Curve, ...]
    remark: str
    """One line below, small."""


def draw(chart: Chart) -> Image.Image:
    """RGB, 1000x600."""
    pen = Pen(WIDTH, HEIGHT)
    pen.text((24, 20), chart.title, INK, TITLE_SIZE)
    loads = [dot.load for curve in (*chart.throughput, *chart.latency) for dot in curve.dots]
    rates, latencies = highs_and_lows(chart.throughput), highs_and_lows(chart.latency)
    panels = (
        (LEFT_PANEL, "answers per second", chart.throughput, from_zero(rates, BOTTOM, TOP)),
        (RIGHT_PANEL, "latency, ms", chart.latency, logarithmic(latencies, BOTTOM, TOP)),
    )
    for (left, right), heading, curves, vertical in panels:
        pen.text((left - 46, 64), heading, INK, HEADING_SIZE)
        draw_legend(pen, left - 46, curves)
        horizontal = of_loads(loads, left, right)
        draw_axes(pen, horizontal, vertical)
        pen.text(((left + right) / 2, BOTTOM + 30), chart.load_name, QUIET, TEXT_SIZE, "ma")
        for curve in curves:
            draw_curve(pen, curve, horizontal, vertical)
    pen.text((24, HEIGHT - 26), chart.remark, QUIET, SMALL_SIZE)
    return pen.finished()


def highs_and_lows(curves: Sequence[Curve]) -> list[float]:
    return [bound for curve in curves for dot in curve.dots for bound in (dot.value.low, dot.value.high)]


def draw_legend(pen: Pen, left: float, curves: Sequence[Curve]) -> None:
    """Curves of one name differ in colour, which the other panel explains: they are named once, without colour."""
    x, middle = left, 98.0
    names = [curve.name for curve in curves]
    for curve in {curve.name: curve for curve in curves}.values():
        colour = curve.colour if names.count(curve.name) == 1 else INK
        pen.line([(x, middle), (x + 34, middle)], colour, 2, curve.dash)
        pen.dot((x + 17, middle), colour, 4, sides=curve.sides, is_hollow=False)
        x += 40
        x += pen.text((x, middle), curve.name, INK, SMALL_SIZE, "lm") + 16


def draw_axes(pen: Pen, horizontal: Axis, vertical: Axis) -> None:
    for tick in vertical.ticks:
        y = vertical.place(tick)
        pen.line([(horizontal.start, y), (horizontal.end, y)], GRID, 1)
        pen.text((horizontal.start - 8, y), tick_text(tick), QUIET, TEXT_SIZE, "rm")
    pen.line([(horizontal.start, vertical.start), (horizontal.end, vertical.start)], QUIET, 1)
    free_from = horizontal.start - 20
    for tick in horizontal.ticks:
        x = horizontal.place(tick)
        pen.line([(x, vertical.start), (x, vertical.start + 5)], QUIET, 1)
        if x >= free_from:  # else it would be written over the one before
            free_from = x + 12 + pen.text((x, vertical.start + 9), tick_text(tick), QUIET, TEXT_SIZE, "ma")


def draw_curve(pen: Pen, curve: Curve, horizontal: Axis, vertical: Axis) -> None:
    dots = sorted(curve.dots, key=lambda dot: dot.load)
    xs = [horizontal.place(dot.load) + curve.offset for dot in dots]
    places = [(x, vertical.place(dot.value.median)) for x, dot in zip(xs, dots, strict=True)]
    pen.line(places, curve.colour, 2, curve.dash)
    for (x, y), dot in zip(places, dots, strict=True):
        low, high = vertical.place(dot.value.low), vertical.place(dot.value.high)
        pen.line([(x, low), (x, high)], curve.colour, 1.2)
        for end in (low, high):
            pen.line([(x - 4, end), (x + 4, end)], curve.colour, 1.2)
        pen.dot((x, y), curve.colour, 4, sides=curve.sides, is_hollow=dot.is_hollow)

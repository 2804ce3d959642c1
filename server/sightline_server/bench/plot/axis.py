"""From figures to places: axes with round ticks, as pure functions."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
DECADE = (1.0, 2.0, 5.0)
MOST_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """One direction of a panel, from `low` at pixel `start` to `high` at pixel `end`."""

    low: float
    high: float
    start: float
    end: float
    is_logarithmic: bool
    ticks: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.is_logarithmic and self.low <= 0):
            raise ValueError(f"expected an axis from less to more, got {self.low:g} to {self.high:g}")

    def place(self, value: float) -> float:
        """The pixel of a value; one that is outside is drawn at the end."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.is_logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return self.start + (self.end - self.start) * (at - low) / (high - low)


def from_zero(values: Iterable[float], start: float, end: float) -> Axis:
    """An axis from 0 to a round number above all values, with equal steps.

    Example:
        >>> from_zero([812.0, 640.0], 0, 100).ticks
        (0.0, 200.0, 400.0, 600.0, 800.0, 1000.0)
    """
    highest = max([0.0, *values]) or 1.0
    magnitude = 10.0 ** math.floor(math.log10(highest / (MOST_TICKS - 1)))
    step = next(factor * magnitude for factor in STEPS if math.ceil(highest / (factor * magnitude)) <= MOST_TICKS - 1)
    count = max(1, math.ceil(highest / step))
    ticks = tuple(step * number for number in range(count + 1))
    return Axis(0.0, ticks[-1], start, end, is_logarithmic=False, ticks=ticks)


def logarithmic(values: Iterable[float], start: float, end: float) -> Axis:
    """An axis between the numbers of 1, 2, 5, 10, 20, … that enclose all values, with ticks at each or each decade.

    Example:
        >>> logarithmic([3.1, 14.0], 0, 100).ticks
        (2.0, 5.0, 10.0, 20.0)
    """
    found = [value for value in values if value > 0] or [1.0]
    decades = range(math.floor(math.log10(min(found))), math.ceil(math.log10(max(found))) + 1)
    rounds = [factor * 10.0**decade for decade in decades for factor in DECADE]
    low = max(number for number in rounds if number <= min(found))
    high = next((number for number in rounds if number >= max(found) and number > low), rounds[-1])
    ticks = tuple(number for number in rounds if low <= number <= high)
    if len(ticks) > 2 * MOST_TICKS:
        ticks = tuple(number for number in ticks if math.log10(number).is_integer())
    return Axis(low, high, start, end, is_logarithmic=True, ticks=ticks)


def of_loads(loads: Sequence[float], start: float, end: float) -> Axis:
    """A logarithmic axis with a tick at each load, and room on both sides."""
    low, high = min(loads), max(loads)
    room = (high / low) ** 0.06 if high > low else 2.0
    return Axis(low / room, high * room, start, end, is_logarithmic=True, ticks=tuple(sorted(set(loads))))


def tick_text(value: float) -> str:
    """
    Example:
        >>> tick_text(2500.0), tick_text(0.5)
        ('2500', '0.5')
    """
    return f"{value:.10g}"

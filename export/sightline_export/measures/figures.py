"""Figures measured on held-out data, with the floors that a recipe promises."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sightline_export.errors import FloorMissed


def in_words(value: float) -> str:
    """Counts whole, shares with four figures."""
    return str(int(value)) if float(value).is_integer() else f"{value:.4g}"


@dataclass(frozen=True)
class Figure:
    """One measured figure: `value` is in the unit that `name` says; `floor` is None where nothing is promised."""

    name: str
    value: float
    floor: float | None = None

    @property
    def holds(self) -> bool:
        return self.floor is None or self.value >= self.floor


@dataclass(frozen=True)
class Measurement:
    """What `evaluate` found. per_class: one row per class, column name -> value."""

    figures: tuple[Figure, ...]
    per_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])

    def require_floors(self, name: str) -> None:
        """Raise FloorMissed naming the first figure below its floor."""
        for figure in self.figures:
            if not figure.holds:
                raise FloorMissed(
                    f"{name}: expected {figure.name} >= {figure.floor:.2f}, got {figure.value:.4f}; nothing was "
                    "published. Train longer, or look at the data"
                )

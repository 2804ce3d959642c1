"""What a training loop reports while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Epoch:
    """One finished epoch (1-based) of `total`, with the figures worth showing."""

    number: int
    total: int
    figures: Mapping[str, float] = field(default_factory=dict[str, float])

    def __str__(self) -> str:
        return f"epoch {self.number}/{self.total} " + " ".join(f"{k}={v:.3f}" for k, v in self.figures.items())

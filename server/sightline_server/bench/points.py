"""What is measured: each model over each protocol at each load, in an order of its own in each round."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

PROTOCOLS = ("http", "grpc")


class Loop(Enum):
    """What decides when the next request is sent."""

    CLOSED = "concurrency"
    """The answer to an earlier one: so many are always in flight."""
    OPEN = "rate"
    """The clock, whether the earlier ones are answered or not."""


@dataclass(frozen=True)
class Load:
    """value: requests in flight in the closed loop, requests per second in the open one."""

    loop: Loop
    value: float

    def __post_init__(self) -> None:
        if self.loop is Loop.CLOSED and not (self.value >= 1 and float(self.value).is_integer()):
            raise ValueError(f"expected a number of requests in flight of 1 or more, got {self.value:g}")
        if not 0 < self.value < math.inf:
            raise ValueError(f"expected a rate above 0 requests per second, got {self.value:g}")

    def __str__(self) -> str:
        return f"{self.value:g} in flight" if self.loop is Loop.CLOSED else f"{self.value:g}/s"


@dataclass(frozen=True)
class Point:
    """One model under one load."""

    model: str
    protocol: str
    """Of `PROTOCOLS`."""
    load: Load
    shared_memory: bool = False
    """Whether tensors lie in shared memory, and requests and answers only name it."""

    def __str__(self) -> str:
        memory = " with shared memory" if self.shared_memory else ""
        return f"{self.model}, {self.protocol}{memory}, {self.load}"


def points_of(
    models: Iterable[str], protocols: Sequence[str], loads: Sequence[Load], *, shared_memory: bool = False
) -> tuple[Point, ...]:
    """Every model over every protocol at every load, in the order in which they are shown."""
    return tuple(
        Point(model, protocol, load, shared_memory) for model in models for protocol in protocols for load in loads
    )


def order_of_round(points: Sequence[Point], number: int) -> tuple[Point, ...]:
    """The points as round `number` visits them.

    Each round has an order of its own, so that what drifts with time, such as a clock that heats up, does not fall on
    the same points again and again. The same number gives the same order.
    """
    return tuple(random.Random(number).sample(points, len(points)))  # noqa: S311  # no secret

"""What a heat map is made with: the parameters of an explaining model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from sightline_backend.errors import ParameterError
from sightline_backend.explanation.frame import Edges, even_edges, stride_edges
from sightline_backend.pixels import PixelSpec

Method = Literal["occlusion", "rise", "cam", "attention"]
METHODS = cast("tuple[Method, ...]", get_args(Method))
MEAN = "mean"
MAX_SIDE = 4096
MAX_MASKS = 100_000
_WHOLE = ("patch", "stride", "masks", "cells", "seed", "map_width", "map_height", "network_batch_size")


@dataclass(frozen=True)
class ExplainSpec:
    """One way to explain one network.

    Attributes:
        network: the model that is asked: PIXELS uint8 (n, h, w, c) to SCORES float32 (n, k), for `cam` also CAM
            (n, k, h', w'), for `attention` also ATTENTION (n, h', w').
        pixels: how a sent picture becomes what the network takes.
        method: `occlusion` hides one square after the other, `rise` hides random halves, `cam` and `attention` ask the
            network for a map of its own.
        patch, stride: of `occlusion`, in pixels: side of the square, a whole multiple of `stride`, and how far it
            moves. `stride` is also the side of the cells in which evidence is gathered, for `rise` as well; the last
            ones may be cut off by the edge, while those of the heat map that is answered all have one size.
        masks, cells, seed: of `rise`: how many masks, cells along each side of a mask, and what they are drawn from.
        baseline: what hides a part: a level from 0 to 255, or `mean`, the picture's mean colour.
        map_width, map_height: of `cam` and `attention`: the size of the network's own map.
        network_batch_size: the most pictures that one request to the network may hold.
        least_range: evidence that differs by less than this over the picture never makes a hot heat map; in log odds
            for `occlusion`, in scores for `rise` (a class with lower ones has no hot map), in logits for `cam`, in
            shares of the mean attention for `attention`.

    Raises:
        ParameterError: an unknown method, or a value that can't be used with it.

    >>> ExplainSpec("cnn_network", PixelSpec(64, 64), "occlusion", patch=16, stride=4).map_hw
    (16, 16)
    """

    network: str
    pixels: PixelSpec
    method: Method
    patch: int = 16
    stride: int = 4
    masks: int = 256
    cells: int = 8
    seed: int = 0
    baseline: str = MEAN
    map_width: int = 1
    map_height: int = 1
    network_batch_size: int = 1
    least_range: float = 0.01

    def __post_init__(self) -> None:
        if not self.network:
            raise ParameterError("network: expected the name of a model, got nothing; set it in config.pbtxt")
        if self.method not in METHODS:
            raise ParameterError(f"method: expected one of {', '.join(METHODS)}, got {self.method!r}")
        least = {"masks": 2, "cells": 2, "seed": 0}
        most = {"masks": MAX_MASKS, "seed": 2**31 - 1}
        for key in _WHOLE:
            low, high, value = least.get(key, 1), most.get(key, MAX_SIDE), getattr(self, key)
            if not low <= value <= high:
                raise ParameterError(f"{key}: expected a whole number from {low} to {high}, got {value}")
        if self.patch % self.stride:
            raise ParameterError(
                f"patch: expected a whole multiple of the stride {self.stride}, got {self.patch}; change one of them"
            )
        if self.baseline != MEAN and not (_is_digits(self.baseline) and int(self.baseline) <= 255):
            raise ParameterError(f"baseline: expected a level from 0 to 255 or {MEAN}, got {self.baseline!r}")
        if not 0 < self.least_range < float("inf"):
            raise ParameterError(f"least_range: expected a number above 0, got {self.least_range}")

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> ExplainSpec:
        """Build the specification from the parameters of a `config.pbtxt`; other keys are left alone.

        Raises:
            ParameterError: `network`, `method`, `width` or `height` is missing, or a value can't be used.
        """
        missing = [key for key in ("network", "method") if key not in parameters]
        if missing:
            raise ParameterError(
                f"expected the parameters network and method, got {', '.join(sorted(parameters)) or 'none'}; "
                f"add {' and '.join(missing)} to config.pbtxt"
            )
        given = {key: _whole(key, parameters[key]) for key in _WHOLE if key in parameters}
        return cls(
            parameters["network"],
            PixelSpec.from_parameters(parameters),
            cast("Method", parameters["method"]),
            baseline=parameters.get("baseline", MEAN),
            least_range=_number("least_range", parameters.get("least_range", "0.01")),
            **given,
        )

    def parameters(self) -> dict[str, str]:
        """Return the parameters of a `config.pbtxt`, the opposite of `from_parameters`; only what the method uses."""
        used = {
            "occlusion": ("patch", "stride", "baseline"),
            "rise": ("masks", "cells", "seed", "stride", "baseline"),
            "cam": ("map_width", "map_height"),
            "attention": ("map_width", "map_height"),
        }[self.method]
        keys = ("network", "method", *used, "network_batch_size", "least_range")
        return self.pixels.parameters() | {key: str(getattr(self, key)) for key in keys}

    @property
    def map_hw(self) -> tuple[int, int]:
        """Height and width of the heat map; it covers the whole sent picture, whatever its size."""
        down, across = self.edges_hw
        return len(down) - 1, len(across) - 1

    @property
    def edges_hw(self) -> tuple[Edges, Edges]:
        """Where the cells of the method's own map lie, down and across, in shares of the network's sides."""
        if self.map_output is not None:
            return even_edges(self.map_height), even_edges(self.map_width)
        return stride_edges(self.pixels.height, self.stride), stride_edges(self.pixels.width, self.stride)

    @property
    def map_output(self) -> str | None:
        """The network's output that holds its own map."""
        return {"cam": "CAM", "attention": "ATTENTION"}.get(self.method)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _whole(key: str, text: str) -> int:
    if not _is_digits(text.strip()):
        raise ParameterError(f"{key}: expected a whole number, got {text!r}; correct it in config.pbtxt")
    return int(text)


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ParameterError(f"{key}: expected a number, got {text!r}; correct it in config.pbtxt") from error

"""What every source gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from sightline_export.graph.foreign import OnnxNetwork
    from sightline_export.model_spec import ModelSpec


@dataclass(frozen=True, eq=False)
class Imported:
    """A network and all that is known of it.

    network: in evaluation mode, float32 (B, c, h, w) of normalised pixels to (B, k); or a graph that was brought.
    origin: what the user typed, e.g. `torchvision:resnet50`.
    weights: where they come from, one phrase for the card.
    """

    spec: ModelSpec
    network: nn.Module | OnnxNetwork
    origin: str
    weights: str

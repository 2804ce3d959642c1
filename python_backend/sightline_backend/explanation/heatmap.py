"""From evidence in any unit to heat in [0, 1]."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

NOISE = 0.01
"""Share of `least_range` that counts as no difference: two machines differ by less, and nothing must come of that."""


def to_heat(evidence: npt.NDArray[np.float64], zero: float, least_range: float) -> npt.NDArray[np.float32]:
    """Divide what lies above `zero` by its largest value, or by `least_range` where that is larger.

    A picture to which the network answers the same whatever is hidden gets a cold map, not its rounding errors blown
    up to full heat.

    Args:
        evidence: float64, of any shape.
        zero: the evidence of a place that is cold.
        least_range: in the unit of `evidence`.

    Returns:
        float32 in [0, 1], of the same shape.

    >>> to_heat(np.array([-1.0, 0.0, 2.0]), 0.0, 0.01).round(2).tolist()
    [0.0, 0.0, 1.0]
    """
    above = np.maximum(evidence - zero - NOISE * least_range, 0.0)
    heat = above / max(float(above.max(initial=0.0)), least_range)
    return heat.astype(np.float32)

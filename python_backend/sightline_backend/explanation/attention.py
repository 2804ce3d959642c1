"""Attention roll-out: how much of each place of the picture reaches the class token, over all blocks.

Abnar & Zuidema, "Quantifying Attention Flow in Transformers" (2020). The roll-out itself is computed in the graph; it
is the same for every class.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sightline_backend.explanation.heatmap import to_heat


def attention_heat(attention: npt.NDArray[np.float32], least_range: float) -> npt.NDArray[np.float32]:
    """The heat map: the coldest place is 0.

    Args:
        attention: float32 (h, w), shares that sum to 1.
        least_range: in shares of what each place has where all have the same.

    Returns:
        float32 (h, w).
    """
    relative = attention.astype(np.float64) * attention.size
    return to_heat(relative, float(relative.min()), least_range)

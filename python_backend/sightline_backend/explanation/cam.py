"""Class activation maps: what each place of the last feature map adds to the score before softmax.

Zhou et al., "Learning Deep Features for Discriminative Localization" (2016). The map itself is computed in the graph.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sightline_backend.explanation.heatmap import to_heat


def cam_heat(maps: npt.NDArray[np.float32], class_id: int, least_range: float) -> npt.NDArray[np.float32]:
    """The heat map of one class; cold where a place speaks against it.

    Args:
        maps: float32 (k, h, w), one per class, in the unit of logits, as `least_range` is.

    Returns:
        float32 (h, w).
    """
    return to_heat(maps[class_id].astype(np.float64), 0.0, least_range)

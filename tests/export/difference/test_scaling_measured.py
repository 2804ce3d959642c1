"""The scaling of a graph is read off the graph itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from export.difference.graphs import GREY, HEALTHY, HEIGHT, MEAN, STD, WIDTH, Graph

from sightline_export.difference.variants.scale import measure
from sightline_export.graph.stages import pieces


@pytest.mark.parametrize(
    ("graph", "scale", "mean", "std", "order"),
    [
        (HEALTHY, 1 / 255, MEAN, STD, (0, 1, 2)),
        (replace(HEALTHY, order=(2, 1, 0)), 1 / 255, MEAN, STD, (2, 1, 0)),
        (replace(HEALTHY, mean=(0, 0, 0), std=(1, 1, 1)), 1 / 255, (0, 0, 0), (1, 1, 1), (0, 1, 2)),
        (replace(HEALTHY, scale=1.0, mean=(124, 117, 104), std=(1, 1, 1)), 1, (124, 117, 104), (1, 1, 1), (0, 1, 2)),
        (GREY, 1 / 255, (0.449,), (0.226,), (0,)),
    ],
)
def test_mean_and_deviation_are_found(
    tmp_path: Path,
    graph: Graph,
    scale: float,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    order: tuple[int, ...],
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(graph.model().SerializeToString())
    found = measure(pieces(path), (HEIGHT, WIDTH, graph.channels))
    assert found is not None
    assert found.scale == pytest.approx(scale)
    np.testing.assert_allclose(found.mean, mean, atol=1e-4 / scale / 255)
    np.testing.assert_allclose(found.std, std, rtol=1e-4)
    assert (found.order, found.channels_first) == (order, True)


def test_a_scaling_that_is_no_formula_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(replace(HEALTHY, reshaped=True).model().SerializeToString())
    assert measure(pieces(path), (HEIGHT, WIDTH, 3)) is None

"""What is concluded from what was seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from export.difference.faulty_repository import write_reference
from export.difference.graphs import HEALTHY, LABELS
from export.difference.photographs import pictures

from sightline_backend.pixels import decode
from sightline_export.difference.findings import Finding
from sightline_export.difference.judge import judge
from sightline_export.difference.observations import Observations, Parts
from sightline_export.difference.probes import probes
from sightline_export.difference.reference import Reference, read_reference
from sightline_export.difference.stages import Stage

PICTURE = pictures()["photo.jpg"]


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    return read_reference(write_reference(tmp_path, HEALTHY), "squash", None)


@pytest.fixture
def healthy(reference: Reference) -> Observations:
    pixels = decode(PICTURE, reference.spec)
    shown = probes(pixels)
    told = reference.graph.whole(shown)
    return Observations(Parts("m", "d", "n"), told[0], pixels, shown, told, told[0], LABELS, LABELS)


def findings(reference: Reference, seen: Observations) -> list[tuple[Stage, str | None]]:
    return [(finding.stage, finding.key) for finding in _findings(reference, seen)]


def _findings(reference: Reference, seen: Observations) -> tuple[Finding, ...]:
    return judge(reference, PICTURE, seen).findings


def test_nothing_differs_where_everything_is_equal(reference: Reference, healthy: Observations) -> None:
    assert findings(reference, healthy) == []


@pytest.mark.parametrize(
    ("by", "found"), [(5e-5, []), (3e-4, [(Stage.NETWORK, None)]), (np.nan, [(Stage.NETWORK, None)])]
)
def test_answers_may_differ_by_the_tolerance(
    reference: Reference, healthy: Observations, by: float, found: list[tuple[Stage, str | None]]
) -> None:
    assert healthy.told is not None
    told = healthy.told + by * (1 / 6 - healthy.told)  # still probabilities
    assert findings(reference, replace(healthy, told=told, step_answer=told[0], answer=told[0])) == found


def test_a_single_level_is_a_difference(reference: Reference, healthy: Observations) -> None:
    assert healthy.pixels is not None
    pixels = np.array(healthy.pixels)
    pixels[5, 7, 1] += 1
    (finding,) = _findings(reference, replace(healthy, pixels=pixels))
    assert (finding.stage, finding.key) == (Stage.DECODE, None)
    assert finding.evidence is not None
    assert "slightly other levels, by at most 1," in finding.cause


def test_an_answer_that_is_not_that_of_the_steps_is_the_ensembles(reference: Reference, healthy: Observations) -> None:
    assert healthy.answer is not None
    assert findings(reference, replace(healthy, answer=np.roll(healthy.answer, 1))) == [
        (Stage.POSTPROCESSING, "classes_permuted")
    ]
    assert findings(reference, replace(healthy, answer=np.full(6, 1 / 6))) == [(Stage.POSTPROCESSING, None)]


def test_an_answer_of_another_shape_is_another_networks(reference: Reference, healthy: Observations) -> None:
    assert healthy.told is not None
    other = healthy.told[:, :4]
    (finding,) = _findings(reference, replace(healthy, told=other, answer=other[0], step_answer=other[0]))
    assert finding.stage == Stage.NETWORK
    assert "[4], not [6]" in finding.cause


def test_a_picture_that_the_service_refuses_is_a_difference_in_decoding(
    reference: Reference, healthy: Observations
) -> None:
    (finding,) = _findings(reference, replace(healthy, answer=None, refused="expected a PNG file"))
    assert (finding.stage, finding.key) == (Stage.DECODE, "refused")
    assert "expected a PNG file" in finding.cause


@pytest.mark.parametrize(
    ("labels", "key"), [((*LABELS[1:], LABELS[0]), "labels_swapped"), (LABELS[:5], "other_labels"), (None, None)]
)
def test_labels_are_compared_where_the_service_names_them(
    reference: Reference, healthy: Observations, labels: tuple[str, ...] | None, key: str | None
) -> None:
    found = findings(reference, replace(healthy, labels=labels, listed_labels=None))
    assert found == ([(Stage.POSTPROCESSING, key)] if key else [])


def test_a_temperature_is_read_off_the_answers(reference: Reference, healthy: Observations) -> None:
    assert healthy.told is not None
    powers = healthy.told ** (1 / 2.5)
    told = powers / powers.sum(axis=1, keepdims=True)
    (finding,) = _findings(reference, replace(healthy, told=told, answer=told[0], step_answer=told[0]))
    assert (finding.stage, finding.key) == (Stage.POSTPROCESSING, "temperature")
    assert "a temperature of 2.5" in finding.cause

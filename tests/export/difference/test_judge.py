"""What is concluded from what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from export.difference.faulty_repository import write_reference
from export.difference.graphs import GREY, HEALTHY, LABELS, OLDER
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


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("is_seen", [True, False])
def test_answers_that_are_no_numbers_are_the_networks(
    reference: Reference, healthy: Observations, value: float, is_seen: bool
) -> None:
    assert healthy.told is not None
    told = np.where(np.arange(6) == 2, value, healthy.told)
    pixels = healthy.pixels if is_seen else None
    seen = replace(healthy, told=told, answer=told[0], step_answer=told[0], pixels=pixels)
    (finding,) = _findings(reference, seen)
    assert (finding.stage, finding.key, finding.cause) == (Stage.NETWORK, None, "answers with NaN or infinity")


def test_only_an_answer_that_is_no_number_is_the_networks_too(reference: Reference, healthy: Observations) -> None:
    seen = replace(healthy, answer=np.full(6, np.nan), pixels=None, shown=None, told=None, step_answer=None)
    (finding,) = _findings(reference, seen)
    assert (finding.stage, finding.cause) == (Stage.NETWORK, "answers with NaN or infinity")


def test_of_a_service_that_refuses_all_else_the_answer_decides(reference: Reference, healthy: Observations) -> None:
    answer = reference.graph.whole(decode(PICTURE, reference.spec)[None])[0]
    alone = replace(healthy, answer=answer, pixels=None, shown=None, told=None, step_answer=None)
    assert findings(reference, alone) == []
    powers = np.exp(answer - answer.max())
    twice = (powers / powers.sum()).astype(np.float32)
    assert findings(reference, replace(alone, answer=twice)) == [(Stage.POSTPROCESSING, "softmax_twice")]
    (finding,) = _findings(reference, replace(alone, answer=np.linspace(0, 1 / 3, 6, dtype=np.float32)))
    assert (finding.key, finding.explained) == (None, "no")
    assert "refuses the pictures that would tell at which stage" in finding.cause


@pytest.mark.parametrize(
    "content", [b"no graph", GREY.model().SerializeToString(), replace(HEALTHY, answer="X").model().SerializeToString()]
)
def test_other_versions_that_do_not_take_these_pixels_are_passed_over(tmp_path: Path, content: bytes) -> None:
    folder = write_reference(tmp_path, HEALTHY) / "small_network"
    for version, graph in {"2": content, "3": OLDER.model().SerializeToString()}.items():
        (folder / version).mkdir()
        (folder / version / "model.onnx").write_bytes(graph)
    (folder / "4").mkdir()
    reference = read_reference(tmp_path, "squash", 1)
    shown = probes(decode(PICTURE, reference.spec))
    told = read_reference(tmp_path, "squash", 3).graph.whole(shown)
    seen = Observations(Parts("m", "d", "n"), told[0], shown[0], shown, told, told[0], None, None)
    assert findings(reference, seen) == [(Stage.NETWORK, "version_3")]


Change = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
LEVELS = np.random.default_rng(2).integers(-3, 4, (32, 48, 3)).astype(float)


def softer(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return (2 * levels + np.roll(levels, 1, axis=1) + np.roll(levels, -1, axis=1)) / 4


def noisy(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return levels + LEVELS


def redless(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return levels * np.array([0.0, 1.0, 1.0])


def paler(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return levels * 0.8 + 12


@pytest.mark.parametrize(
    ("picture", "change", "stage", "said"),
    [
        ("photo.png", redless, Stage.COLOUR_ORDER, "nothing of the channel red"),
        ("photo.png", noisy, Stage.RESIZE, "fine detail"),  # every decoder makes the same of a PNG
        ("photo.jpg", noisy, Stage.DECODE, "slightly other levels"),
        ("photo.png", paler, Stage.DECODE, "0.80 * level"),
        ("photo.jpg", softer, Stage.RESIZE, "fine detail"),
    ],
)
def test_what_no_mistake_explains_is_at_the_stage_that_the_values_point_at(
    reference: Reference,
    picture: str,
    change: Change,
    stage: Stage,
    said: str,
) -> None:
    data = pictures()[picture]
    shown = probes(decode(data, reference.spec))
    told = reference.graph.whole(shown)
    pixels = np.clip(change(shown[0].astype(float)), 0, 255).astype(np.uint8)
    answer = reference.graph.whole(pixels[None])[0]
    (finding,) = judge(
        reference, data, Observations(Parts("m", "d", "n"), answer, pixels, shown, told, answer, None, None)
    ).findings
    assert (finding.stage, finding.key) == (stage, None)
    assert said in finding.cause


def test_a_temperature_is_read_off_the_answers(reference: Reference, healthy: Observations) -> None:
    assert healthy.told is not None
    powers = healthy.told ** (1 / 2.5)
    told = powers / powers.sum(axis=1, keepdims=True)
    (finding,) = _findings(reference, replace(healthy, told=told, answer=told[0], step_answer=told[0]))
    assert (finding.stage, finding.key) == (Stage.POSTPROCESSING, "temperature")
    assert "a temperature of 2.5" in finding.cause

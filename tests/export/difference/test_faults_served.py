"""Every seeded fault is really served, and named; a healthy service gives no alarm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from export.difference.faulty_repository import write_reference
from export.difference.graphs import HEALTHY
from export.difference.photographs import pictures
from serving import Service

from sightline_export.connection import Connection
from sightline_export.difference.comparison import Comparison, compare_with_service
from sightline_export.difference.findings import AnswerEvidence, LabelEvidence, PixelEvidence
from sightline_export.difference.reference import Reference, read_reference
from sightline_export.difference.stages import Stage


@pytest.fixture(scope="module")
def connection(faulty_service: Service) -> Iterator[Connection]:
    connection = Connection(faulty_service.grpc_url, 60)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def references(faulty_repository: Path) -> dict[str, Reference]:
    return {name: read_reference(faulty_repository, name, None) for name in ("squash", "crop", "letterbox", "grey")}


# In a decoding step, where the pixels can be seen: what is served, the picture that shows it, the stage and the key.
IN_PIXELS = [
    ("squash_full_size", "photo.jpg", Stage.DECODE, "full_size"),
    ("squash_reduced_to_1_8", "photo.jpg", Stage.DECODE, "reduced_to_1_8"),
    ("squash_reduced_to_1_8", "turned.jpg", Stage.DECODE, "reduced_to_1_8"),
    ("squash_alpha_over_black", "alpha.png", Stage.DECODE, "alpha_over_black"),
    ("squash_alpha_dropped", "alpha.png", Stage.DECODE, "alpha_dropped"),
    ("squash_sixteen_bit_clipped", "deep.png", Stage.DECODE, "sixteen_bit_clipped"),
    ("squash_limited_range", "flower.png", Stage.DECODE, "limited_range"),
    ("squash_exif_ignored", "turned.jpg", Stage.ORIENTATION, "exif_ignored"),
    ("squash_exif_ignored", "mirrored.jpg", Stage.ORIENTATION, "exif_ignored"),
    ("squash_exif_twice", "turned.jpg", Stage.ORIENTATION, "exif_twice"),
    ("squash_only_png", "photo.jpg", Stage.DECODE, "refused"),
    ("squash_mirrored", "photo.jpg", Stage.ORIENTATION, "mirrored"),
    ("squash_bgr", "photo.jpg", Stage.COLOUR_ORDER, "bgr"),
    ("squash_bgr", "palette.png", Stage.COLOUR_ORDER, "bgr"),
    ("squash_rbg", "photo.jpg", Stage.COLOUR_ORDER, "rbg"),
    ("squash_grey", "photo.png", Stage.COLOUR_ORDER, "grey"),
    ("squash_no_antialiasing", "photo.png", Stage.RESIZE, "no_antialiasing"),
    ("squash_no_antialiasing", "flower.png", Stage.RESIZE, "no_antialiasing"),
    ("squash_nearest", "photo.png", Stage.RESIZE, "nearest"),
    ("squash_bicubic", "photo.png", Stage.RESIZE, "bicubic"),
    ("squash_width_for_height", "photo.png", Stage.RESIZE, "width_for_height"),
    ("crop_squash_for_crop", "tall.png", Stage.RESIZE, "squash_for_crop"),
    ("crop_crop_left_top", "tall.png", Stage.RESIZE, "crop_left_top"),
    ("crop_crop_875", "tall.png", Stage.RESIZE, "zoomed_875"),
    ("letterbox_crop_for_letterbox", "tall.png", Stage.RESIZE, "crop_for_letterbox"),
    ("letterbox_padded_first", "tall.png", Stage.RESIZE, "padded_first"),
    ("letterbox_letterbox_level_0", "tall.png", Stage.RESIZE, "letterbox_level_0"),
    ("letterbox_letterbox_top_left", "tall.png", Stage.RESIZE, "letterbox_top_left"),
]
IN_GRAPH = [
    ("squash_graph_bgr", Stage.COLOUR_ORDER, "bgr"),
    ("squash_graph_scaled_twice", Stage.SCALE, "scaled_twice"),
    ("squash_graph_not_scaled", Stage.SCALE, "not_scaled"),
    ("squash_graph_mean_unit", Stage.SCALE, "mean_unit"),
    ("squash_graph_mean_missing", Stage.SCALE, "mean_missing"),
    ("squash_graph_mean_std_missing", Stage.SCALE, "mean_std_missing"),
    ("squash_graph_plus_minus_one", Stage.SCALE, "plus_minus_one"),
    ("squash_graph_variance", Stage.SCALE, "variance"),
    ("squash_graph_reshaped", Stage.SCALE, "reshaped"),
    ("squash_graph_version_1", Stage.NETWORK, "version_1"),
    ("squash_graph_other_weights", Stage.NETWORK, None),
    ("squash_graph_raw", Stage.POSTPROCESSING, "raw"),
    ("squash_graph_softmax_twice", Stage.POSTPROCESSING, "softmax_twice"),
    ("squash_graph_sigmoid", Stage.POSTPROCESSING, "sigmoid"),
    ("squash_graph_classes_permuted", Stage.POSTPROCESSING, "classes_permuted"),
    ("squash_labels", Stage.POSTPROCESSING, "labels_swapped"),
    ("squash_label_file", Stage.POSTPROCESSING, "labels_swapped"),
]
IN_BLACK_BOXES = [
    ("squash_box_exif_ignored", "turned.jpg", Stage.ORIENTATION, "exif_ignored"),
    ("squash_box_no_antialiasing", "photo.jpg", Stage.RESIZE, "no_antialiasing"),
    ("zoomed_box", "photo.jpg", Stage.RESIZE, "zoomed_875"),
    ("squash_box_mean_missing", "photo.jpg", Stage.SCALE, "mean_missing"),
    ("squash_box_not_scaled", "flower.png", Stage.SCALE, "not_scaled"),
    ("squash_box_softmax_twice", "photo.jpg", Stage.POSTPROCESSING, "softmax_twice"),
]


@pytest.mark.parametrize(("served", "picture", "stage", "key"), IN_PIXELS)
def test_a_fault_in_the_decoding_step_is_named(
    connection: Connection, references: dict[str, Reference], served: str, picture: str, stage: Stage, key: str
) -> None:
    comparison = _compare(connection, references, served, picture)
    assert [(finding.stage, finding.key) for finding in comparison.verdict.findings] == [(stage, key)]


@pytest.mark.parametrize(("served", "stage", "key"), IN_GRAPH)
def test_a_fault_behind_the_pixels_is_named(
    connection: Connection, references: dict[str, Reference], served: str, stage: Stage, key: str | None
) -> None:
    comparison = _compare(connection, references, served, "photo.jpg")
    assert [(finding.stage, finding.key) for finding in comparison.verdict.findings] == [(stage, key)]


@pytest.mark.parametrize(("served", "picture", "stage", "key"), IN_BLACK_BOXES)
def test_a_fault_in_a_black_box_is_named(
    connection: Connection, references: dict[str, Reference], served: str, picture: str, stage: Stage, key: str
) -> None:
    comparison = _compare(connection, references, served, picture)
    assert comparison.served is None
    assert [(finding.stage, finding.key) for finding in comparison.verdict.findings] == [(stage, key)]


@pytest.mark.parametrize("name", ["squash", "crop", "letterbox", "grey"])
@pytest.mark.parametrize("picture", pictures())
def test_a_healthy_service_gives_no_alarm(
    connection: Connection, references: dict[str, Reference], name: str, picture: str
) -> None:
    assert _compare(connection, references, name, picture).verdict.findings == ()


@pytest.mark.parametrize("served", ["squash_healthy", "squash_box_healthy"])
@pytest.mark.parametrize("picture", ["photo.png", "photo.jpg", "turned.jpg", "cmyk.jpg"])
def test_healthy_services_of_other_peoples_making_give_no_alarm(
    connection: Connection, references: dict[str, Reference], served: str, picture: str
) -> None:
    assert _compare(connection, references, served, picture).verdict.findings == ()


@pytest.mark.parametrize(
    ("served", "picture", "expected"),
    [
        ("squash_pixels_and_graph", "photo.jpg", [(Stage.ORIENTATION, "mirrored"), (Stage.POSTPROCESSING, "raw")]),
        ("squash_exif_ignored_bgr", "turned.jpg", [(Stage.ORIENTATION, "exif_ignored"), (Stage.COLOUR_ORDER, "bgr")]),
        (
            "squash_opencv",
            "photo.jpg",
            [(Stage.DECODE, "full_size"), (Stage.COLOUR_ORDER, "bgr"), (Stage.RESIZE, "no_antialiasing")],
        ),
        ("squash_box_twice_wrong", "photo.jpg", [(Stage.COLOUR_ORDER, "bgr"), (Stage.RESIZE, "no_antialiasing")]),
    ],
)
def test_of_several_faults_the_first_stage_comes_first(
    connection: Connection,
    references: dict[str, Reference],
    served: str,
    picture: str,
    expected: list[tuple[Stage, str]],
) -> None:
    comparison = _compare(connection, references, served, picture)
    assert [(finding.stage, finding.key) for finding in comparison.verdict.findings] == expected


@pytest.mark.parametrize(
    ("served", "stage"), [("squash_sepia", Stage.COLOUR_ORDER), ("squash_box_sheared", Stage.NETWORK)]
)
def test_what_no_known_mistake_explains_is_said_to_be_unexplained(
    connection: Connection, references: dict[str, Reference], served: str, stage: Stage
) -> None:
    (finding,) = _compare(connection, references, served, "flower.png").verdict.findings
    assert (finding.stage, finding.key, finding.explained) == (stage, None, "no")


def test_the_evidence_of_pixels_is_the_first_one_that_differs(
    connection: Connection, references: dict[str, Reference]
) -> None:
    comparison = _compare(connection, references, "letterbox_letterbox_level_0", "tall.png")
    assert comparison.served is not None
    evidence = comparison.verdict.findings[0].evidence
    assert isinstance(evidence, PixelEvidence)
    assert (evidence.x, evidence.y, evidence.channel, evidence.expected, evidence.served) == (0, 0, "red", 114, 0)
    differing = (comparison.expected != comparison.served).any(axis=2)
    assert (evidence.pixels, evidence.total, evidence.largest) == (differing.sum(), 32 * 48, 114)


def test_the_evidence_of_answers_is_the_largest_difference(
    connection: Connection, references: dict[str, Reference]
) -> None:
    reference = references["squash"]
    comparison = _compare(connection, references, "squash_graph_softmax_twice", "photo.jpg")
    evidence = comparison.verdict.findings[0].evidence
    assert isinstance(evidence, AnswerEvidence)
    scores = reference.graph.whole(comparison.expected[None])[0]
    assert evidence.expected == pytest.approx(float(scores[evidence.index]))
    assert evidence.expected_top == reference.labels[int(np.argmax(scores))]


def test_the_evidence_of_labels_names_the_class(connection: Connection, references: dict[str, Reference]) -> None:
    evidence = _compare(connection, references, "squash_labels", "photo.jpg").verdict.findings[0].evidence
    assert evidence == LabelEvidence(2, "river", "bridge", 2, 6)


def test_a_graph_that_names_no_stages_is_compared_in_fewer(connection: Connection, tmp_path: Path) -> None:
    from dataclasses import replace

    reference = read_reference(write_reference(tmp_path, replace(HEALTHY, metadata=False)), "squash", None)
    verdicts = {
        served: compare_with_service(reference, pictures()["photo.jpg"], connection, served).verdict
        for served in (
            "squash",
            "squash_bgr",
            "squash_graph_bgr",
            "squash_graph_softmax_twice",
            "squash_graph_scaled_twice",
        )
    }
    assert verdicts["squash"].first is None
    keys = {served: verdict.first.key for served, verdict in verdicts.items() if verdict.first}
    assert keys == {
        "squash_bgr": "bgr",
        "squash_graph_bgr": "bgr",
        "squash_graph_softmax_twice": "softmax_twice",
        "squash_graph_scaled_twice": None,
    }
    unexplained = verdicts["squash_graph_scaled_twice"].first
    assert unexplained is not None
    assert "does not name its stages" in unexplained.cause


def _compare(connection: Connection, references: dict[str, Reference], served: str, picture: str) -> Comparison:
    reference = next((each for name, each in references.items() if served.startswith(name)), references["squash"])
    return compare_with_service(reference, pictures()[picture], connection, served)

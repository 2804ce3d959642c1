"""Every seeded fault is really served, and named; a healthy service gives no alarm."""

from __future__ import annotations

import json

import numpy as np
import pytest
from export.difference.comparing import HEALTHY_ENTRIES, compare
from export.difference.photographs import pictures

from sightline_export.connection import Connection
from sightline_export.difference.findings import AnswerEvidence, LabelEvidence, PixelEvidence
from sightline_export.difference.reference import Reference
from sightline_export.difference.report import as_json
from sightline_export.difference.stages import Stage

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
    ("short_largest_crop", "tall.png", Stage.RESIZE, "largest_crop"),
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
    ("squash_pinned", Stage.NETWORK, "version_1"),
    ("squash_graph_version_1", Stage.NETWORK, "version_1"),
    ("squash_graph_other_weights", Stage.NETWORK, None),
    ("squash_graph_raw", Stage.POSTPROCESSING, "raw"),
    ("squash_graph_softmax_twice", Stage.POSTPROCESSING, "softmax_twice"),
    ("squash_graph_sigmoid", Stage.POSTPROCESSING, "sigmoid"),
    ("squash_graph_classes_permuted", Stage.POSTPROCESSING, "classes_permuted"),
    ("embedder_not_unit", Stage.POSTPROCESSING, "raw"),
    ("squash_labels", Stage.POSTPROCESSING, "labels_swapped"),
    ("squash_label_file", Stage.POSTPROCESSING, "labels_swapped"),
    ("squash_label_crlf", Stage.POSTPROCESSING, "other_labels"),
]
IN_BLACK_BOXES = [
    ("squash_box_exif_ignored", "turned.jpg", Stage.ORIENTATION, "exif_ignored"),
    ("squash_box_no_antialiasing", "photo.jpg", Stage.RESIZE, "no_antialiasing"),
    ("zoomed_box", "photo.jpg", Stage.RESIZE, "zoomed_875"),
    ("squash_box_mean_missing", "photo.jpg", Stage.SCALE, "mean_missing"),
    ("squash_box_not_scaled", "flower.png", Stage.SCALE, "not_scaled"),
    ("squash_box_nan", "photo.jpg", Stage.NETWORK, None),
    ("squash_box_always_the_same", "photo.jpg", Stage.NETWORK, None),
    ("squash_box_jpeg_only_bgr", "photo.jpg", Stage.COLOUR_ORDER, "bgr"),
    ("squash_box_jpeg_only_mirrored", "photo.jpg", Stage.ORIENTATION, "mirrored"),
    ("half_box", "photo.jpg", Stage.NETWORK, None),
    ("squash_box_softmax_twice", "photo.jpg", Stage.POSTPROCESSING, "softmax_twice"),
]


@pytest.mark.parametrize(("served", "picture", "stage", "key"), IN_PIXELS)
def test_a_fault_in_the_decoding_step_is_named(
    connection: Connection, references: dict[str, Reference], served: str, picture: str, stage: Stage, key: str
) -> None:
    comparison = compare(connection, references, served, picture)
    assert [(finding.stage, finding.key) for finding in comparison.verdict.findings] == [(stage, key)]


@pytest.mark.parametrize(("served", "stage", "key"), IN_GRAPH)
def test_a_fault_behind_the_pixels_is_named(
    connection: Connection, references: dict[str, Reference], served: str, stage: Stage, key: str | None
) -> None:
    comparison = compare(connection, references, served, "photo.jpg")
    assert [(finding.stage, finding.key) for finding in comparison.verdict.findings] == [(stage, key)]


@pytest.mark.parametrize(("served", "picture", "stage", "key"), IN_BLACK_BOXES)
def test_a_fault_in_a_black_box_is_named(
    connection: Connection, references: dict[str, Reference], served: str, picture: str, stage: Stage, key: str | None
) -> None:
    comparison = compare(connection, references, served, picture)
    assert comparison.served is None
    assert [(finding.stage, finding.key) for finding in comparison.verdict.findings] == [(stage, key)]


@pytest.mark.parametrize("name", HEALTHY_ENTRIES)
@pytest.mark.parametrize("picture", pictures())
def test_a_healthy_service_gives_no_alarm(
    connection: Connection, references: dict[str, Reference], name: str, picture: str
) -> None:
    assert compare(connection, references, name, picture).verdict.findings == ()


@pytest.mark.parametrize("served", ["squash_healthy", "squash_box_healthy"])
@pytest.mark.parametrize("picture", ["photo.png", "photo.jpg", "turned.jpg", "cmyk.jpg"])
def test_healthy_services_of_other_peoples_making_give_no_alarm(
    connection: Connection, references: dict[str, Reference], served: str, picture: str
) -> None:
    assert compare(connection, references, served, picture).verdict.findings == ()


@pytest.mark.parametrize(
    ("served", "cause"),
    [
        ("squash_box_nan", "answers with NaN or infinity"),
        ("squash_box_always_the_same", "answers the same to every picture"),
        ("half_box", "answers slightly differently, as lower precision does (FP16, TF32, INT8)"),
        ("squash_label_crlf", "has white space around the names, such as the line ends of Windows"),
    ],
)
def test_what_can_be_said_without_a_known_mistake_is_said(
    connection: Connection, references: dict[str, Reference], served: str, cause: str
) -> None:
    comparison = compare(connection, references, served, "photo.jpg")
    first = comparison.verdict.first
    assert first is not None
    assert first.cause == cause
    json.dumps(as_json(comparison.verdict, "photo.jpg"), allow_nan=False)


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
    comparison = compare(connection, references, served, picture)
    assert [(finding.stage, finding.key) for finding in comparison.verdict.findings] == expected


@pytest.mark.parametrize(
    ("served", "stage"), [("squash_sepia", Stage.COLOUR_ORDER), ("squash_box_sheared", Stage.NETWORK)]
)
def test_what_no_known_mistake_explains_is_said_to_be_unexplained(
    connection: Connection, references: dict[str, Reference], served: str, stage: Stage
) -> None:
    (finding,) = compare(connection, references, served, "flower.png").verdict.findings
    assert (finding.stage, finding.key, finding.explained) == (stage, None, "no")


def test_the_evidence_of_pixels_is_the_first_one_that_differs(
    connection: Connection, references: dict[str, Reference]
) -> None:
    comparison = compare(connection, references, "letterbox_letterbox_level_0", "tall.png")
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
    comparison = compare(connection, references, "squash_graph_softmax_twice", "photo.jpg")
    evidence = comparison.verdict.findings[0].evidence
    assert isinstance(evidence, AnswerEvidence)
    scores = reference.graph.whole(comparison.expected[None])[0]
    assert evidence.expected == pytest.approx(float(scores[evidence.index]))
    assert evidence.expected_top == reference.labels[int(np.argmax(scores))]


def test_the_evidence_of_labels_names_the_class(connection: Connection, references: dict[str, Reference]) -> None:
    evidence = compare(connection, references, "squash_labels", "photo.jpg").verdict.findings[0].evidence
    assert evidence == LabelEvidence(2, "river", "bridge", 2, 6)

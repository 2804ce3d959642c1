"""Services that show less than ours do, or take less: what is left decides."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from export.difference.comparing import compare
from export.difference.faulty_repository import write_reference
from export.difference.gateway import gateway
from export.difference.graphs import HEALTHY
from export.difference.photographs import pictures
from serving import Service

from sightline_export.connection import Connection
from sightline_export.difference.comparison import compare_with_service
from sightline_export.difference.reference import Reference, read_reference
from sightline_export.difference.stages import Stage


@pytest.mark.parametrize("served", ["squash_box_jpeg_only", "written_axis_box", "one_picture_box"])
@pytest.mark.parametrize("picture", ["photo.jpg", "turned.jpg"])
def test_a_service_that_takes_less_than_ours_is_judged_by_its_answer(
    connection: Connection, references: dict[str, Reference], served: str, picture: str
) -> None:
    assert compare(connection, references, served, picture).verdict.findings == ()


def test_the_version_that_the_entry_pins_is_the_reference(connection: Connection, faulty_repository: Path) -> None:
    reference = read_reference(faulty_repository, "squash_pinned", None)
    assert reference.version == 1
    assert compare_with_service(reference, pictures()["photo.jpg"], connection, "squash_pinned").verdict.first is None


@pytest.mark.parametrize(
    ("denied", "unseen"),
    [
        ({"pixels_squash"}, "pixels_squash"),
        ({"small_network"}, "small_network"),
        ({"faulty_pixels", "small_network"}, "faulty_pixels"),
    ],
)
@pytest.mark.parametrize("what", ["ModelConfig", "ModelInfer"])
@pytest.mark.parametrize("code", [grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND])
def test_steps_that_may_not_be_asked_are_not_needed(
    faulty_service: Service,
    references: dict[str, Reference],
    denied: set[str],
    unseen: str,
    what: str,
    code: grpc.StatusCode,
) -> None:
    with gateway(faulty_service.grpc_url, what, denied, code) as url, closing(Connection(url, 60)) as connection:
        healthy = compare(connection, references, "squash", "photo.jpg").verdict
        mirrored = compare(connection, references, "squash_mirrored", "photo.jpg").verdict
    assert healthy.findings == ()
    assert not any(unseen in compared for compared in healthy.compared)
    assert [(finding.stage, finding.key) for finding in mirrored.findings] == [(Stage.ORIENTATION, "mirrored")]


def test_where_only_the_pixels_are_shown_the_answer_to_them_decides(
    faulty_service: Service, references: dict[str, Reference]
) -> None:
    denied, code = {"small_network", "network_raw"}, grpc.StatusCode.PERMISSION_DENIED
    with gateway(faulty_service.grpc_url, "ModelInfer", denied, code) as url, closing(Connection(url, 60)) as service:
        healthy = compare(service, references, "squash_only_jpeg", "photo.jpg").verdict
        raw = compare(service, references, "squash_only_jpeg_and_graph", "photo.jpg").verdict
    assert (healthy.findings, healthy.compared[:2]) == (
        (),
        ("the pixels of faulty_pixels", "the answer to the picture"),
    )
    assert [(finding.stage, finding.key) for finding in raw.findings] == [(Stage.POSTPROCESSING, "raw")]


def test_a_graph_that_names_no_stages_is_compared_in_fewer(connection: Connection, tmp_path: Path) -> None:
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

"""The model that explains a classifier: how it is made, measured, drawn, served and published."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from export.quick import make_quick_recipe
from numpy.typing import NDArray

from sightline_backend.pixels import PixelSpec
from sightline_export.errors import FloorMissed, SourceUnusable
from sightline_export.explanation.entry import explain_spec, explanation_of, output_shapes
from sightline_export.explanation.measure import (
    DELETION_MARGIN,
    as_seen,
    curves,
    explanation_measure,
    hottest_first,
)
from sightline_export.explanation.sheet import explanation_sheet
from sightline_export.exporter import export_operation, published_model
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Evaluation, Operation
from sightline_export.release import Done, Setting
from sightline_export.repository.model_config import from_text
from sightline_export.signature import TensorSpec
from sightline_export.sources.choices import ExplainChoice
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction
from sightline_export.verification.parity import Arrays, Runtime

SPEC = make_quick_recipe().spec
SCORES = {"SCORES": (10,)}
CAM = {**SCORES, "CAM": (10, 4, 6)}
ATTENTION = {**SCORES, "ATTENTION": (8, 8)}


def of_size(width: int, height: int) -> ModelSpec:
    return replace(SPEC, pixels=PixelSpec(width, height))


@pytest.mark.parametrize(
    ("spec", "outputs", "choice", "method", "map_hw"),
    [
        (SPEC, SCORES, "auto", "occlusion", (8, 8)),
        (of_size(28, 28), SCORES, "auto", "occlusion", (10, 10)),
        (of_size(224, 224), SCORES, "auto", "rise", (28, 28)),
        (of_size(320, 160), SCORES, "auto", "rise", (15, 30)),
        (of_size(5, 5), SCORES, "auto", "occlusion", (5, 5)),
        (of_size(224, 224), CAM, "auto", "cam", (4, 6)),
        (SPEC, ATTENTION, "auto", "attention", (8, 8)),
        (SPEC, CAM | ATTENTION, "auto", "cam", (4, 6)),
        (SPEC, CAM, "rise", "rise", (32, 32)),
        (of_size(224, 224), CAM, "occlusion", "occlusion", (8, 8)),
    ],
)
def test_the_method_follows_from_the_network_and_the_size_of_its_pictures(
    spec: ModelSpec,
    outputs: dict[str, tuple[int, ...]],
    choice: ExplainChoice,
    method: str,
    map_hw: tuple[int, int],
) -> None:
    how = explain_spec(spec, outputs, choice)
    assert (how.method, how.map_hw, how.network, how.network_batch_size) == (method, map_hw, "quick_network", 32)


def test_a_map_that_the_network_does_not_have_is_refused() -> None:
    with pytest.raises(SourceUnusable, match="expected a network with the output CAM for cam, got SCORES; choose"):
        explain_spec(SPEC, SCORES, "cam")


def test_networks_that_compute_in_half_precision_need_larger_differences_for_heat() -> None:
    half = replace(SPEC, task=ImageClassification(tolerance=1e-2))
    assert explain_spec(half, SCORES, "auto").least_range == 4 * explain_spec(SPEC, SCORES, "auto").least_range


@pytest.fixture
def built(exported: Path, tmp_path: Path) -> Path:
    repository = shutil.copytree(exported, tmp_path / "built")
    shutil.rmtree(repository / "quick_explain", ignore_errors=True)
    return repository


def graph_in(repository: Path) -> Path:
    return repository / "quick_network" / "1" / "model.onnx"


def operation(repository: Path, spec: ModelSpec = SPEC, choice: ExplainChoice = "auto") -> Operation:
    found = explanation_of(spec, graph_in(repository), choice)
    assert found is not None
    return found


def test_the_card_says_how_low_a_score_rise_leaves_cold(exported: Path) -> None:
    limits = operation(exported, choice="rise").model.limits
    assert limits.endswith("A class of which no picture scores 0.01 gets no hot map.")
    half = replace(SPEC, task=ImageClassification(tolerance=1e-2))
    assert operation(exported, half, "rise").model.limits.endswith("no picture scores 0.04 gets no hot map.")


def test_nothing_is_explained_where_nothing_is_classified(exported: Path) -> None:
    assert explanation_of(replace(SPEC, task=ImageFeatureExtraction(10), labels=()), graph_in(exported)) is None


def test_outputs_of_a_graph_are_read_with_their_shapes(exported: Path) -> None:
    assert output_shapes(graph_in(exported)) == SCORES


def test_the_entry_is_served_and_published_with_card_and_golden_answers(built: Path) -> None:
    events = list(export_operation(replace(operation(built), evaluate=None), Setting(built)))
    texts = [event.text for event in events if isinstance(event, Done)]
    assert any(text.startswith("served: Triton") and "at batch 1, 2, 3, 7, 8" in text for text in texts)
    folder = built / "quick_explain"
    config = from_text((folder / "config.pbtxt").read_text())
    parameters = {key: value["string_value"] for key, value in config["parameters"].items()}
    assert {key: parameters[key] for key in ("task", "method", "network", "patch", "stride")} == {
        "task": "explanation",
        "method": "occlusion",
        "network": "quick_network",
        "patch": "16",
        "stride": "8",
    }
    assert json.loads(parameters["labels"]) == list("0123456789")
    assert [(each["name"], each["data_type"], each["dims"]) for each in config["output"]] == [
        ("HEATMAP", "TYPE_FP32", ["8", "8"]),
        ("CLASS_ID", "TYPE_INT32", ["1"]),
        ("SCORE", "TYPE_FP32", ["1"]),
    ]
    golden = json.loads((folder / "1" / "golden" / "golden.json").read_text())
    assert len(golden["cases"]) == 3
    assert sorted(golden["cases"][0]["inputs"]) == ["CLASS_ID", "IMAGE"]
    assert "Zeiler & Fergus" in (folder / "README.md").read_text()
    assert (folder / "sheet.png").is_file()


def test_requests_ask_for_the_top_class_only_where_it_is_clear(exported: Path) -> None:
    model = operation(exported).model
    asked = [int(request.inputs["CLASS_ID"].to_array()[0]) for request in model.requests(15)]
    assert asked[1::2] == [1, 3, 5, 7, 9, 1, 3]
    for index, class_id in enumerate(asked[::2]):
        assert class_id in (-1, 2 * index % 10)
    assert len({request.name for request in model.requests(15)}) == 15


def blob_classifier(inputs: Arrays) -> Arrays:
    """The score of class 0 is the light in the upper left quarter; the rest to 1 is that of class 1."""
    pixels = np.stack([as_pixels(file) for file in inputs["IMAGE"][:, 0]])
    light = pixels[:, :32, :32].mean(axis=(1, 2, 3)) / 255
    return {"SCORES": np.stack([light, 1 - light], axis=1).astype(np.float32)}


def as_pixels(file: bytes) -> NDArray[np.uint8]:
    from sightline_backend.pixels import decode

    return decode(file, PixelSpec(64, 64))


def quarter() -> NDArray[np.uint8]:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32, :32] = 255
    return pixels


def heat_at(rows: slice, columns: slice) -> NDArray[np.float32]:
    heat = np.zeros((8, 8), np.float32)
    heat[rows, columns] = 1
    return heat


def test_a_heat_map_of_the_right_place_deletes_and_inserts_faster_than_one_of_the_wrong_place() -> None:
    rng = np.random.default_rng(0)
    right = hottest_first(heat_at(slice(0, 4), slice(0, 4)), quarter(), rng)
    wrong = hottest_first(heat_at(slice(4, 8), slice(4, 8)), quarter(), rng)
    good, bad = (curves(quarter(), order, 0, blob_classifier) for order in (right, wrong))
    level = 64 / 255  # of the mean colour, which hides: it never falls below that
    # hiding takes the first quarter of the steps, on which the score falls evenly
    assert good.deletion == pytest.approx(level + (1 - level) / 8, abs=0.02)
    assert good.insertion == pytest.approx(1 - (1 - level) / 8, abs=0.02)
    assert bad.deletion > good.deletion + 0.3
    assert bad.insertion < good.insertion - 0.3


def test_pixels_come_in_the_order_of_the_heat_and_cells_as_a_whole() -> None:
    heat = heat_at(slice(2, 3), slice(5, 6))
    order = hottest_first(heat, quarter(), np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(64 * 64))
    rows, columns = np.unravel_index(order[:64], (64, 64))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 23, 40, 47)


def explaining(heat: NDArray[np.float32] | None) -> Runtime:
    """Answers every request with this map; None for a random one."""
    rng = np.random.default_rng(7)

    def model(inputs: Arrays) -> Arrays:
        count = len(inputs["IMAGE"])
        maps = rng.random((count, 8, 8)) if heat is None else np.repeat(heat[None], count, axis=0)
        asked = np.maximum(inputs["CLASS_ID"], 0)
        return {"HEATMAP": maps.astype(np.float32), "CLASS_ID": asked, "SCORE": np.ones((count, 1), np.float32)}

    return model


def test_good_heat_maps_are_above_the_floors_and_random_ones_below() -> None:
    """The classifier looks for ink in the middle of the digits, and nowhere else."""

    def inky(inputs: Arrays) -> Arrays:
        pixels = np.stack([as_pixels(file) for file in inputs["IMAGE"][:, 0]])
        ink = np.minimum(4 * (pixels[:, 16:48, 16:48, 0] > 200).mean(axis=(1, 2)), 1)
        return {"SCORES": np.stack([ink, 1 - ink], axis=1).astype(np.float32)}

    evaluate = explanation_measure(SPEC)
    good, random = (
        evaluate(Evaluation(explaining(heat), {"quick": inky})) for heat in (heat_at(slice(2, 6), slice(2, 6)), None)
    )
    good.require_floors("quick_explain")
    assert [abs(figure.value) < DELETION_MARGIN / 2 for figure in random.figures[:2]] == [True, True]
    with pytest.raises(FloorMissed, match="deletion score below that of random heat maps"):
        random.require_floors("quick_explain")


def test_measured_and_drawn_with_the_real_models(built: Path) -> None:
    list(export_operation(replace(operation(built), evaluate=None, sheet=None), Setting(built, serve=False)))
    required = {"quick": published_model(built, "quick")}
    evaluation = Evaluation(published_model(built, "quick_explain"), required)
    first, again = (explanation_measure(SPEC)(evaluation) for _ in range(2))
    assert first == again
    assert first.figures[0].value > 0  # one epoch of training, and better than chance already
    assert all(0 <= figure.value <= 1 for figure in first.figures[2:])
    sheet = explanation_sheet(SPEC)(evaluation)
    assert (sheet.width <= 1020, sheet.height > 3 * 80) == (True, True)


def test_measured_pictures_are_what_the_network_sees() -> None:
    gray = replace(SPEC, pixels=PixelSpec(28, 20, mode="gray"))
    assert [each.shape for each in as_seen(gray, 2)] == [(20, 28, 3)] * 2


def test_the_attention_roll_out_is_taken_from_the_graph(exported: Path, tmp_path: Path) -> None:
    graph = onnx.load(graph_in(exported))
    graph.graph.output.append(onnx.helper.make_tensor_value_info("ATTENTION", onnx.TensorProto.FLOAT, ["batch", 8, 8]))
    onnx.save(graph, path := tmp_path / "model.onnx")
    task = ImageClassification((TensorSpec("ATTENTION", "FP32", (8, 8)),))
    found = explanation_of(replace(SPEC, task=task), path)
    assert found is not None
    assert (found.model.parameters["method"], found.model.parameters["map_width"]) == ("attention", "8")
    assert "the same for every class" in found.model.limits

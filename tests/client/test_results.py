from typing import Any

import numpy as np
import pytest

from sightline import Classification, ModelInfo, TensorInfo
from sightline.results import Explanation, Segmentation


def classification(**changes: Any) -> Classification:
    values: dict[str, Any] = {
        "labels": ("seven", "one"),
        "scores": np.array([0.9, 0.1], np.float32),
        "class_ids": np.array([7, 1], np.int64),
    }
    return Classification(**{**values, **changes})


def segmentation(**changes: Any) -> Segmentation:
    values: dict[str, Any] = {
        "class_map": np.array([[0, 2, 2], [0, 2, 3]], np.uint8),
        "labels": ("background", "dog", "cat", "cat"),
    }
    return Segmentation(**{**values, **changes})


def explanation(**changes: Any) -> Explanation:
    values: dict[str, Any] = {
        "heatmap": np.array([[0, 0.5, 1], [0, 0, 0]], np.float32),
        "label": "seven",
        "score": 0.9,
        "class_id": 7,
        "method": "grad-cam",
    }
    return Explanation(**{**values, **changes})


def test_a_classification_shows_its_best_class_and_prints_well() -> None:
    answer = classification()
    assert answer.label == "seven"
    assert answer.score == pytest.approx(0.9)
    assert isinstance(answer.score, float)
    assert str(answer) == "seven 0.900, one 0.100"
    assert repr(answer) == "Classification(seven 0.900, one 0.100)"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ()}, "at least one label"),
        ({"labels": ("a",)}, r"scores to be float32 of shape \(1,\), got float32 of shape \(2,\)"),
        ({"scores": np.array([0.9, 0.1])}, r"scores to be float32 of shape \(2,\), got float64"),
        ({"class_ids": np.array([7, 1], np.int32)}, r"class_ids to be int64 of shape \(2,\), got int32"),
        ({"scores": np.array([0.1, 0.9], np.float32)}, "descending"),
        ({"scores": np.array([1.5, 0.1], np.float32)}, r"\[0, 1\]"),
        ({"scores": np.array([0.5, -0.1], np.float32)}, r"\[0, 1\]"),
        ({"scores": np.array([0.5, np.nan], np.float32)}, r"\[0, 1\]"),
    ],
)
def test_a_classification_whose_fields_do_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classification(**changes)


def test_a_segmentation_gives_masks_and_shares_and_prints_well() -> None:
    answer = segmentation()
    assert answer.size == (3, 2)
    assert answer.mask("background").tolist() == [[True, False, False], [True, False, False]]
    assert answer.mask("cat").tolist() == [[False, True, True], [False, True, True]]
    assert not answer.mask("dog").any()
    assert answer.shares == pytest.approx({"cat": 4 / 6, "background": 2 / 6})
    assert str(answer) == "3x2: cat 66.7%, background 33.3%"
    assert repr(answer) == f"Segmentation({answer})"


def test_a_mask_of_an_unknown_label_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"one of the labels background, dog, cat, cat, got 'horse'; check"):
        segmentation().mask("horse")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_map": np.zeros((2, 3), np.int32)}, r"class_map to be uint8 of shape \(any, any\), got int32"),
        ({"class_map": np.zeros((0, 3), np.uint8)}, r"got uint8 of shape \(0, 3\)"),
        ({"class_map": np.zeros(3, np.uint8)}, r"got uint8 of shape \(3,\)"),
        ({"labels": ("a", "b", "c")}, "class ids below 3, one for each label, got 3"),
        ({"labels": ()}, "class ids below 0"),
    ],
)
def test_a_segmentation_whose_fields_do_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        segmentation(**changes)


def test_an_explanation_knows_its_size_and_prints_well() -> None:
    assert explanation().size == (3, 2)
    assert str(explanation()) == "seven 0.900 by grad-cam, 3x2"
    assert repr(explanation()) == "Explanation(seven 0.900 by grad-cam, 3x2)"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heatmap": np.zeros((2, 3))}, r"heatmap to be float32 of shape \(any, any\), got float64"),
        ({"heatmap": np.zeros((2, 0), np.float32)}, r"got float32 of shape \(2, 0\)"),
        ({"heatmap": np.full((2, 3), 1.5, np.float32)}, r"heatmap in \[0, 1\], got 1.5 to 1.5"),
        ({"heatmap": np.array([[0, np.nan]], np.float32)}, r"heatmap in \[0, 1\], got nan"),
        ({"score": float("nan")}, r"score in \[0, 1\], got nan"),
        ({"score": -0.1}, r"score in \[0, 1\], got -0.1"),
        ({"class_id": -1}, "class_id to be 0 or larger, got -1"),
    ],
)
def test_an_explanation_whose_fields_do_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explanation(**changes)


def test_results_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        classification().labels = ("other",)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AttributeError):
        segmentation().labels = ("other",)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AttributeError):
        explanation().label = "other"  # pyright: ignore[reportAttributeAccessIssue]


def test_models_and_tensors_print_well_and_compare_by_value() -> None:
    tensor = TensorInfo("SCORES", "FP32", (-1, 10))
    assert str(tensor) == "SCORES FP32 [-1, 10]"
    model = ModelInfo("cnn", "image-classification", 1, ("0",), (), (tensor,))
    assert str(model) == "cnn (image-classification, version 1)"
    assert str(ModelInfo("step", None, 2, (), (), ())) == "step (a step of other models, version 2)"
    assert model == ModelInfo("cnn", "image-classification", 1, ("0",), (), (TensorInfo("SCORES", "FP32", (-1, 10)),))


def test_a_model_has_no_batches_and_no_method_unless_it_says_so() -> None:
    model = ModelInfo("cnn", None, 1, (), (), ())
    assert (model.max_batch_size, model.method) == (0, None)


def test_models_and_tensors_without_a_name_or_with_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="name of a model"):
        ModelInfo("", None, 1, (), (), ())
    with pytest.raises(ValueError, match="1 or larger, got 0"):
        ModelInfo("cnn", None, 0, (), (), ())
    with pytest.raises(ValueError, match="max_batch_size of 'cnn' of 0 or larger, got -1"):
        ModelInfo("cnn", None, 1, (), (), (), max_batch_size=-1)
    with pytest.raises(ValueError, match="a name and a datatype"):
        TensorInfo("", "FP32", ())
    with pytest.raises(ValueError, match="-1 or larger"):
        TensorInfo("X", "FP32", (-2,))

from typing import Any

import numpy as np
import pytest

from sightline import Classification, ModelInfo, TensorInfo


def classification(**changes: Any) -> Classification:
    fields: dict[str, Any] = {
        "labels": ("seven", "one"),
        "scores": np.array([0.9, 0.1], np.float32),
        "class_ids": np.array([7, 1], np.int64),
    }
    return Classification(**{**fields, **changes})


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


def test_results_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        classification().labels = ("other",)  # pyright: ignore[reportAttributeAccessIssue]


def test_models_and_tensors_print_well_and_compare_by_value() -> None:
    tensor = TensorInfo("SCORES", "FP32", (-1, 10))
    assert str(tensor) == "SCORES FP32 [-1, 10]"
    model = ModelInfo("cnn", "image-classification", 1, ("0",), (), (tensor,))
    assert str(model) == "cnn (image-classification, version 1)"
    assert str(ModelInfo("step", None, 2, (), (), ())) == "step (a step of other models, version 2)"
    assert model == ModelInfo("cnn", "image-classification", 1, ("0",), (), (TensorInfo("SCORES", "FP32", (-1, 10)),))


def test_models_and_tensors_without_a_name_or_with_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="name of a model"):
        ModelInfo("", None, 1, (), (), ())
    with pytest.raises(ValueError, match="1 or larger, got 0"):
        ModelInfo("cnn", None, 0, (), (), ())
    with pytest.raises(ValueError, match="a name and a datatype"):
        TensorInfo("", "FP32", ())
    with pytest.raises(ValueError, match="-1 or larger"):
        TensorInfo("X", "FP32", (-2,))

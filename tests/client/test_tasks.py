import io
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sightline import ImageError, InferenceFailed, InvalidRequest, ModelInfo, _tasks
from sightline._tensors import bytes_tensor, checked_inputs, datatype_of

UNLABELLED = ModelInfo("toy", None, 1, (), (), ())
LABELLED = ModelInfo("toy", "image-classification", 1, ("a", "b", "c"), (), ())


def scores(*values: float) -> dict[str, Any]:
    return {"SCORES": np.array([values], np.float32)}


def test_classify_sends_the_untouched_bytes_as_one_element_and_asks_for_scores_only() -> None:
    call = _tasks.classify(b"the file", model="toy", top_k=2)
    assert (call.model, call.task, call.outputs) == ("toy", "image-classification", ("SCORES",))
    assert call.inputs["IMAGE"].shape == (1, 1)
    assert call.inputs["IMAGE"][0, 0] == b"the file"


def test_classify_gives_the_best_classes_first_and_ties_in_the_order_of_the_model() -> None:
    decode = _tasks.classify(b"x", model="toy", top_k=2).decode
    assert str(decode(LABELLED, scores(0.25, 0.5, 0.25))) == "b 0.500, a 0.250"
    answer = decode(UNLABELLED, scores(0.1, 0.2, 0.7))
    assert answer.labels == ("2", "1")
    assert answer.class_ids.tolist() == [2, 1]
    assert answer.scores.dtype == np.float32
    ties = scores(*np.random.default_rng(0).choice([0.0, 0.5], 1000))
    order = _tasks.classify(b"x", model="toy", top_k=1000).decode(UNLABELLED, ties).class_ids
    assert order.tolist() == sorted(range(1000), key=lambda class_id: -ties["SCORES"][0, class_id])


def test_classify_gives_all_classes_when_there_are_fewer_than_asked_for() -> None:
    assert len(_tasks.classify(b"x", model="toy", top_k=50).decode(LABELLED, scores(0.1, 0.2, 0.7)).labels) == 3


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (scores(0.5, 0.5), "each of the 3 labels of 'toy', got 2"),
        (scores(0.5, 0.5, float("nan")), "finite SCORES"),
        ({"SCORES": np.zeros((1, 3))}, r"SCORES as float32 of shape \(1, K\), got float64 of shape \(1, 3\)"),
        ({"SCORES": np.zeros((2, 3), np.float32)}, r"got float32 of shape \(2, 3\)"),
        ({"SCORES": np.zeros((1, 0), np.float32)}, r"got float32 of shape \(1, 0\)"),
    ],
)
def test_an_answer_that_is_not_what_the_task_promises_is_the_models_failure(
    tensors: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceFailed, match=message) as caught:
        _tasks.classify(b"x", model="toy", top_k=1).decode(LABELLED, tensors)
    assert caught.value.model == "toy"


def test_classify_refuses_a_bad_picture_and_a_bad_top_k_before_anything_is_sent() -> None:
    with pytest.raises(ImageError):
        _tasks.classify(b"", model="toy", top_k=1)
    with pytest.raises(InvalidRequest, match="top_k to be 1 or larger, got 0"):
        _tasks.classify(b"x", model="toy", top_k=0)


def test_generate_sends_the_seed_and_reads_the_png() -> None:
    call = _tasks.generate(seed=7, model="gan")
    assert call.inputs["SEED"].dtype == np.int64
    assert call.inputs["SEED"].tolist() == [[7]]
    file = io.BytesIO()
    PIL.Image.new("RGB", (2, 3), (1, 2, 3)).save(file, "PNG")
    picture = call.decode(UNLABELLED, {"RESULT": bytes_tensor(file.getvalue())})
    assert (picture.size, picture.getpixel((0, 0))) == ((2, 3), (1, 2, 3))


@pytest.mark.parametrize("seed", [-(2**63), 0, 2**63 - 1, np.int64(5), True])
def test_every_64_bit_integer_is_a_seed(seed: Any) -> None:
    assert _tasks.generate(seed=seed, model="gan").inputs["SEED"].tolist() == [[int(seed)]]


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1, 1.0, "7", None])
def test_anything_else_is_no_seed(seed: Any) -> None:
    with pytest.raises(InvalidRequest, match="expected seed to"):
        _tasks.generate(seed=seed, model="gan")


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_a_result_that_is_no_png_is_the_models_failure(data: bytes) -> None:
    with pytest.raises(InferenceFailed, match="RESULT of 'toy' to be a PNG"):
        _tasks.generate(seed=1, model="toy").decode(UNLABELLED, {"RESULT": bytes_tensor(data)})
    with pytest.raises(InferenceFailed, match="one BYTES element"):
        _tasks.generate(seed=1, model="toy").decode(UNLABELLED, {"RESULT": np.zeros((1, 1))})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "at least one input tensor"),
        ({"X": [1, 2]}, "'X' to be a numpy array, got list"),
        ({"X": np.array([b"a\0"])}, "dtype object, got |S2, which drops"),
        ({"X": np.array(["a"])}, "dtype object"),
        ({"X": np.array([1j])}, "got complex128"),
        ({"X": np.array([b"a", "b"], object)}, "to be bytes, got str"),
    ],
)
def test_tensors_that_cannot_travel_are_refused(inputs: Any, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        checked_inputs("toy", inputs)


def test_an_empty_model_name_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="name of a model"):
        checked_inputs("", {"X": np.zeros(1)})


def test_tensors_of_the_other_byte_order_are_turned_and_the_callers_arrays_stay() -> None:
    big_endian = np.array([1, 2], ">i4")
    inputs = {"X": big_endian}
    checked = checked_inputs("toy", inputs)["X"]
    assert checked.tobytes() == np.array([1, 2], "<i4").tobytes()
    assert datatype_of(checked) == "INT32"
    assert inputs["X"] is big_endian

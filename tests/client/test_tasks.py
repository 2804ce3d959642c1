"""What the tasks ask and how they read answers, without a server."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from sightline import InferenceFailed, InvalidRequest, ModelInfo, TensorInfo, _tasks
from sightline._tasks import Answer
from sightline._tensors import bytes_tensor, checked_inputs, datatype_of
from sightline.images import encode_image

UNLABELLED = ModelInfo("toy", None, 1, (), (), ())
LABELLED = ModelInfo("toy", "image-classification", 1, ("a", "b", "c"), (), ())


def scores(*values: float) -> dict[str, Any]:
    return {"SCORES": np.array([values], np.float32)}


def picture(width: int, height: int) -> bytes:
    return encode_image(np.zeros((height, width, 3), np.uint8))


def test_every_task_names_its_model_its_id_its_picture_and_its_outputs() -> None:
    boxes = ("num_detections", "detection_boxes", "detection_scores", "detection_classes")
    table: list[tuple[_tasks.Call[Any], str, str, tuple[str, ...]]] = [
        (_tasks.classify(b"x", model="toy", top_k=2), "image-classification", "toy", ("SCORES",)),
        (_tasks.detect(b"x", model="toy", threshold=0.5), "object-detection", "toy", boxes),
        (_tasks.segment(b"x", model="toy"), "image-segmentation", "toy", ("CLASS_MAP",)),
        (_tasks.embed(b"x", model="toy"), "image-feature-extraction", "toy", ("EMBEDDING",)),
        (_tasks.enhance(b"x", model="toy"), "image-to-image", "toy", ("RESULT",)),
        (_tasks.explain(b"x", model="toy", class_id=1), "explanation", "toy_explain", ("HEATMAP", "CLASS_ID", "SCORE")),
    ]
    for call, task, model, outputs in table:
        assert (call.task, call.model, call.outputs, call.image) == (task, model, outputs, b"x")
        assert set(call.inputs) == ({"CLASS_ID"} if task == "explanation" else set[str]())
    call = _tasks.generate(seed=7, model="gan")
    assert (call.task, call.model, call.outputs) == ("unconditional-image-generation", "gan", ("RESULT",))
    assert call.image is None


def test_classify_gives_the_best_classes_first_and_ties_in_the_order_of_the_model() -> None:
    decode = _tasks.classify(b"x", model="toy", top_k=2).decode
    assert str(decode(Answer(LABELLED, scores(0.25, 0.5, 0.25)))) == "b 0.500, a 0.250"
    answer = decode(Answer(UNLABELLED, scores(0.1, 0.2, 0.7)))
    assert answer.labels == ("2", "1")
    assert answer.class_ids.tolist() == [2, 1]
    assert answer.scores.dtype == np.float32
    ties = scores(*np.random.default_rng(0).choice([0.0, 0.5], 1000))
    order = _tasks.classify(b"x", model="toy", top_k=1000).decode(Answer(UNLABELLED, ties)).class_ids
    assert order.tolist() == sorted(range(1000), key=lambda class_id: -ties["SCORES"][0, class_id])


def test_classify_gives_all_classes_when_there_are_fewer_than_asked_for() -> None:
    call = _tasks.classify(b"x", model="toy", top_k=50)
    assert len(call.decode(Answer(LABELLED, scores(0.1, 0.2, 0.7))).labels) == 3


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (scores(0.5, 0.5), "each of its 3 labels, got 2"),
        (scores(0.5, 0.5, float("nan")), "finite SCORES"),
        (scores(0.5, 0.5, 1.5), r"SCORES in \[0, 1\], got 0.5 to 1.5"),
        ({}, "SCORES as float32 .* got only nothing"),
        ({"SCORES": np.zeros((1, 3))}, r"SCORES as float32 of shape \(1, K\), got float64 of shape \(1, 3\)"),
        ({"SCORES": np.zeros((2, 3), np.float32)}, r"got float32 of shape \(2, 3\)"),
        ({"SCORES": np.zeros((1, 0), np.float32)}, r"got float32 of shape \(1, 0\)"),
    ],
)
def test_scores_that_are_not_what_the_task_promises_are_the_models_failure(
    tensors: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceFailed, match=message) as caught:
        _tasks.classify(b"x", model="toy", top_k=1).decode(Answer(LABELLED, tensors))
    assert caught.value.model == "toy"


@pytest.mark.parametrize("top_k", [0, -1, 1.0, "1", None])
def test_classify_refuses_a_bad_top_k_at_once(top_k: Any) -> None:
    with pytest.raises(InvalidRequest, match="expected top_k to be"):
        _tasks.classify(b"x", model="toy", top_k=top_k)


def test_an_embedding_comes_without_its_batch_axis_as_an_array_of_its_own() -> None:
    sent = np.array([[0.6, 0.8]], np.float32)
    sent.flags.writeable = False
    vector = _tasks.embed(b"x", model="toy").decode(Answer(UNLABELLED, {"EMBEDDING": sent}))
    assert vector.tolist() == sent[0].tolist()
    assert vector.flags.writeable


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (np.array([[0.6, 0.81]], np.float32), r"length 1, got 1\.008; divide"),
        (np.array([[0, 0]], np.float32), "length 1, got 0"),
        (np.array([[0.6, np.nan]], np.float32), "finite EMBEDDING"),
        (np.array([[0.6, 0.8]]), "EMBEDDING as float32"),
        (np.array([0.6, 0.8], np.float32), r"shape \(1, D\), got float32 of shape \(2,\)"),
    ],
)
def test_a_vector_that_is_no_embedding_is_the_models_failure(tensor: NDArray[Any], message: str) -> None:
    with pytest.raises(InferenceFailed, match=message):
        _tasks.embed(b"x", model="toy").decode(Answer(UNLABELLED, {"EMBEDDING": tensor}))


def test_generate_sends_the_seed_and_generate_and_enhance_read_the_png() -> None:
    file = io.BytesIO()
    PIL.Image.new("RGB", (2, 3), (1, 2, 3)).save(file, "PNG")
    call = _tasks.generate(seed=7, model="gan")
    assert (call.inputs["SEED"].dtype, call.inputs["SEED"].tolist()) == (np.int64, [[7]])
    for each in (call, _tasks.enhance(b"x", model="toy")):
        image = each.decode(Answer(UNLABELLED, {"RESULT": bytes_tensor(file.getvalue())}))
        assert (image.size, image.getpixel((0, 0))) == ((2, 3), (1, 2, 3))


@pytest.mark.parametrize("seed", [-(2**63), 0, 2**63 - 1, np.int64(5), True])
def test_every_64_bit_integer_is_a_seed(seed: Any) -> None:
    assert _tasks.generate(seed=seed, model="gan").inputs["SEED"].tolist() == [[int(seed)]]


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1, 1.0, "7", None])
def test_anything_else_is_no_seed(seed: Any) -> None:
    with pytest.raises(InvalidRequest, match="expected seed to"):
        _tasks.generate(seed=seed, model="gan")


def test_a_number_of_more_digits_than_python_writes_is_refused_like_any_other() -> None:
    many = 10**5000
    with pytest.raises(InvalidRequest, match="seed to fit in 64 bits, got a number of very many digits"):
        _tasks.generate(seed=many, model="gan")
    with pytest.raises(InvalidRequest, match="class_id from 0 to 2147483647, got a number of very many digits"):
        _tasks.explain(b"x", model="toy", class_id=many)
    taking = ModelInfo("gan", None, 1, ("a", "b"), (TensorInfo("CLASS_ID", "INT32", (-1, 1)),), ())
    for class_id in (many, "1" + "0" * 5000):
        with pytest.raises(InvalidRequest, match=r"a number from 0 to 1 or one of a, b, got .{,90}; correct it"):
            _tasks.generate(seed=1, model="gan", class_id=class_id).options(taking)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", picture(40, 40)[:60]])
@pytest.mark.parametrize("call", [_tasks.generate(seed=1, model="toy"), _tasks.enhance(b"x", model="toy")])
def test_a_result_that_is_no_png_is_the_models_failure(call: _tasks.Call[Any], data: bytes) -> None:
    with pytest.raises(InferenceFailed, match="a PNG as RESULT, got bytes that do not"):
        call.decode(Answer(UNLABELLED, {"RESULT": bytes_tensor(data)}))
    with pytest.raises(InferenceFailed, match=r"RESULT as object of shape \(1, 1\)"):
        call.decode(Answer(UNLABELLED, {"RESULT": np.zeros((1, 1))}))
    with pytest.raises(InferenceFailed, match="RESULT as bytes, got str"):
        call.decode(Answer(UNLABELLED, {"RESULT": np.array([["text"]], dtype=np.object_)}))


@pytest.mark.parametrize("call", [_tasks.generate(seed=1, model="toy"), _tasks.enhance(b"x", model="toy")])
def test_a_result_may_be_larger_than_what_pillow_opens_by_itself(
    call: _tasks.Call[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for most_pixels in (1, 11):  # it refuses more than twice as many, and warns of more
        monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", most_pixels)
        assert call.decode(Answer(UNLABELLED, {"RESULT": bytes_tensor(picture(4, 3))})).size == (4, 3)


def promising(width: int, height: int) -> bytes:
    """A PNG whose header promises more pixels than it has."""
    data = picture(1, 1)
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def test_a_result_has_at_most_four_times_the_pixels_of_the_largest_picture() -> None:
    decode = _tasks.enhance(b"x", model="toy").decode
    with pytest.raises(
        InferenceFailed, match="RESULT of at most 200 megapixels, got one of 20000x10001; send a smaller"
    ):
        decode(Answer(UNLABELLED, {"RESULT": bytes_tensor(promising(20_000, 10_001))}))
    with pytest.raises(InferenceFailed, match="bytes that do not decode"):
        decode(Answer(UNLABELLED, {"RESULT": bytes_tensor(promising(20_000, 10_000)[:50])}))


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

"""Inputs by name: what a value becomes, and what is refused before anything is sent."""

from typing import Any

import numpy as np
import pytest

from sightline import InvalidRequest, ModelInfo, TensorInfo, _tasks
from sightline._tasks._options import named_inputs

INPUTS = (
    TensorInfo("IMAGE", "BYTES", (-1, 1)),
    TensorInfo("WIDTH", "INT32", (-1, 1), is_optional=True),
    TensorInfo("LEVEL", "UINT8", (-1, 1), is_optional=True),
    TensorInfo("DEGREES", "FP32", (-1, 1), is_optional=True),
    TensorInfo("HALF", "FP16", (-1, 1), is_optional=True),
    TensorInfo("DIRECTION", "BYTES", (-1, 1), is_optional=True),
    TensorInfo("XYXY", "INT32", (-1, 4), is_optional=True),
    TensorInfo("KEEP", "BOOL", (-1, 1), is_optional=True),
    TensorInfo("WEIGHTS", "FP64", (-1, -1), is_optional=True),
    TensorInfo("GRID", "FP32", (-1, -1, -1), is_optional=True),
)
MODEL = ModelInfo("edit", "image-to-image", 1, (), INPUTS, (TensorInfo("RESULT", "BYTES", (-1, 1)),), 8)
UNBATCHED = ModelInfo("edit", None, 1, (), (TensorInfo("WIDTH", "INT32", (1,)),), ())


@pytest.mark.parametrize(
    ("name", "value", "dtype", "expected"),
    [
        ("width", 320, np.int32, [[320]]),
        ("WIDTH", 320, np.int32, [[320]]),
        ("width", 320.0, np.int32, [[320]]),
        ("width", "320", np.int32, [[320]]),
        ("width", " -7 ", np.int32, [[-7]]),
        ("width", np.int64(320), np.int32, [[320]]),
        ("width", [320], np.int32, [[320]]),
        ("width", np.array(320), np.int32, [[320]]),
        ("level", 255, np.uint8, [[255]]),
        ("degrees", 12, np.float32, [[12.0]]),
        ("degrees", "12.5", np.float32, [[12.5]]),
        ("degrees", np.float64(0.1), np.float32, [[np.float32(0.1)]]),
        ("half", 0.5, np.float16, [[0.5]]),
        ("direction", "vertical", np.object_, [[b"vertical"]]),
        ("direction", "Grüße, Welt", np.object_, [["Grüße, Welt".encode()]]),
        ("direction", b"\xff\x00", np.object_, [[b"\xff\x00"]]),
        ("direction", bytearray(b"up"), np.object_, [[b"up"]]),
        ("xyxy", [1, 2, 3, 4], np.int32, [[1, 2, 3, 4]]),
        ("xyxy", (1.0, 2.0, 3.0, 4.0), np.int32, [[1, 2, 3, 4]]),
        ("xyxy", "1, 2,3,4", np.int32, [[1, 2, 3, 4]]),
        ("xyxy", np.array([1, 2, 3, 4], np.uint8), np.int32, [[1, 2, 3, 4]]),
        ("keep", True, np.bool_, [[True]]),
        ("keep", "False", np.bool_, [[False]]),
        ("keep", 1, np.bool_, [[True]]),
        ("weights", [0.5, 1e300], np.float64, [[0.5, 1e300]]),
        ("grid", np.ones((2, 3)), np.float32, np.ones((1, 2, 3))),
    ],
)
def test_a_value_becomes_a_tensor_of_the_models_type_and_shape(
    name: str, value: object, dtype: type[np.generic], expected: Any
) -> None:
    (found,) = named_inputs(MODEL, {name: value}).items()
    assert found[0] == name.upper()
    assert found[1].dtype == dtype
    assert np.array_equal(found[1], np.array(expected, dtype))
    assert found[1].shape == np.array(expected, dtype).shape


def test_a_model_without_batches_gets_no_batch_axis() -> None:
    assert named_inputs(UNBATCHED, {"width": 7})["WIDTH"].tolist() == [7]


def test_none_leaves_an_input_out() -> None:
    assert named_inputs(MODEL, {"width": None, "degrees": 1}).keys() == {"DEGREES"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("widht", 1, "an input of 'edit' beside the picture: width, level, .*, got 'widht'; correct the name"),
        ("image", b"", "got 'image'; correct the name"),
        ("width", "wide", r"expected width of 'edit' as a whole number \(INT32\), got 'wide'; correct the value"),
        ("width", 0.5, r"width of 'edit' as a whole number \(INT32\), got 0.5"),
        ("width", 2**31, "whole number"),
        ("width", float("nan"), "whole number"),
        ("width", b"7", "whole number"),
        ("level", -1, r"a whole number \(UINT8\), got -1"),
        ("level", 256, r"a whole number \(UINT8\), got 256"),
        ("width", [1, 2], r"a whole number \(INT32\), got 2 values; send as many as it takes"),
        ("width", [], "got 0 values"),
        ("degrees", "north", r"a number \(FP32\), got 'north'"),
        ("degrees", 1e39, r"a number \(FP32\), got 1e\+39"),
        ("degrees", object(), "a number"),
        ("half", 70000, r"a number \(FP16\), got 70000"),
        ("direction", 7, r"text or bytes \(BYTES\), got 7"),
        ("xyxy", [1, 2, 3], r"values of INT32 and shape \[4\], each a whole number, got 3 values"),
        ("xyxy", "1,2,3,x", r"values of INT32 and shape \[4\], each a whole number, got '1,2,3,x'"),
        ("keep", "maybe", r"true or false \(BOOL\), got 'maybe'"),
        ("keep", [[True]], "true or false"),
    ],
)
def test_what_the_model_does_not_take_is_refused_with_what_it_takes(name: str, value: object, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        named_inputs(MODEL, {name: value})
    assert caught.value.model == "edit"


def test_a_model_that_takes_a_picture_only_says_so() -> None:
    denoiser = ModelInfo("denoiser", "image-to-image", 1, (), INPUTS[:1], (), 8)
    with pytest.raises(InvalidRequest, match="expected nothing but a picture for 'denoiser', got 'width' too"):
        named_inputs(denoiser, {"width": 3})


SEED = TensorInfo("SEED", "INT64", (-1, 1))
CLASS_ID = TensorInfo("CLASS_ID", "INT32", (-1, 1), is_optional=True)
GENERATOR = ModelInfo("gan", "unconditional-image-generation", 1, ("7", "cat", "dog"), (SEED, CLASS_ID), (), 8)
UNLABELLED = ModelInfo("gan", None, 1, (), (SEED, CLASS_ID), (), 8)
UNCONDITIONAL = ModelInfo("mlp_gan", None, 1, (), (SEED,), (), 8)


@pytest.mark.parametrize(
    ("info", "class_id", "number"),
    [
        (GENERATOR, 2, 2),
        (GENERATOR, np.int32(2), 2),
        (GENERATOR, "2", 2),
        (GENERATOR, "dog", 2),
        (GENERATOR, "7", 0),  # a label before a number
        (UNLABELLED, "7", 7),
        (UNLABELLED, 1000, 1000),
    ],
)
def test_a_class_is_sent_by_its_number(info: ModelInfo, class_id: Any, number: int) -> None:
    tensors = _tasks.generate(seed=1, model="gan", class_id=class_id).options(info)
    assert {name: (tensor.dtype, tensor.tolist()) for name, tensor in tensors.items()} == {
        "CLASS_ID": (np.dtype(np.int32), [[number]])
    }


def test_without_a_class_none_is_sent() -> None:
    assert _tasks.generate(seed=1, model="gan").options(UNCONDITIONAL) == {}


@pytest.mark.parametrize(
    ("info", "class_id", "message"),
    [
        (UNCONDITIONAL, 1, r"takes a class \(CLASS_ID\), got 'mlp_gan', which takes SEED; choose another"),
        (
            GENERATOR,
            3,
            "a class of 'gan', a number from 0 to 2 or one of 7, cat, dog, got 3; correct it, or leave it out",
        ),
        (GENERATOR, -1, "got -1"),
        (GENERATOR, "cow", "got 'cow'"),
        (GENERATOR, "-1", "got '-1'"),
        (GENERATOR, "²", "got '²'"),
        (UNLABELLED, 2**31, "a number from 0 to 2147483647, got 2147483648"),
    ],
)
def test_a_class_that_there_is_not_is_refused(info: ModelInfo, class_id: Any, message: str) -> None:
    call = _tasks.generate(seed=1, model=info.name, class_id=class_id)
    with pytest.raises(InvalidRequest, match=message):
        call.options(info)


def test_a_class_that_is_no_number_and_no_text_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="expected class_id to be an int, got float"):
        _tasks.generate(seed=1, model="gan", class_id=1.5)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("fraction", "message"),
    [
        (1.5, r"fraction in \[0, 1\], got 1.5; 0 is the first picture and 1 the other"),
        (-0.1, "got -0.1"),
        (float("nan"), "got nan"),
        ("half", "fraction to be a number, got str"),
    ],
)
def test_a_fraction_is_between_the_two_pictures(fraction: Any, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        _tasks.interpolate(b"x", b"y", fraction, model="vae_interpolate")


def test_an_interpolation_needs_a_model_that_takes_two_pictures() -> None:
    call = _tasks.interpolate(b"x", b"y", 0.25, model="edit")
    assert (call.image, dict(call.pictures)) == (b"x", {"OTHER": b"y"})
    with pytest.raises(InvalidRequest, match=r"takes two pictures and a fraction \(OTHER, FRACTION\), got 'edit'"):
        call.options(MODEL)
    pair = (INPUTS[0], TensorInfo("OTHER", "BYTES", (-1, 1)), TensorInfo("FRACTION", "FP32", (-1, 1)))
    tensors = call.options(ModelInfo("vae", None, 1, (), pair, (), 8))
    assert tensors["FRACTION"].tolist() == [[0.25]]
    assert tensors["FRACTION"].dtype == np.float32

"""The backends image_decode, image_encode, class_map and latent_noise in a real tritonserver."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tritonclient.utils import InferenceServerException

from sightline_backend.class_maps import MapFit, to_sent_size
from sightline_backend.noise import normal_noise
from sightline_backend.pictures import encode_png, open_picture
from sightline_backend.pixels import PixelSpec, decode

from .running_triton import Triton, texts
from .triton_models import ON_CPU, parameters, tensor, write_model

SPEC = PixelSpec(8, 6, fit="letterbox")


def picture(file_format: str = "PNG", size_wh: tuple[int, int] = (30, 20), level: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size_wh, (level, 2 * level, 255 - level)).save(file, file_format)
    return file.getvalue()


BAD = [
    (b"", "got nothing (0 bytes)"),
    (b"hello", "got a text file (5 bytes)"),
    (picture("TIFF"), "got a TIFF file"),
    (picture()[:60], "got a PNG file that can't be decoded"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xc3\x50\0\0\xc3\x50\1\0\0\0\0" + bytes(4), "got 50000x50000"),
]


_Tensors = list[tuple[str, str, list[str]]]


@pytest.mark.parametrize(
    ("model", "takes", "gives"),
    [
        (
            "decode",
            [("IMAGE", "TYPE_STRING", ["1"])],
            [("PIXELS", "TYPE_UINT8", ["6", "8", "3"]), ("SIZE_WH", "TYPE_INT32", ["2"])],
        ),
        ("encode", [("PIXELS", "TYPE_UINT8", ["-1", "-1", "3"])], [("RESULT", "TYPE_STRING", ["1"])]),
        ("noise", [("SEED", "TYPE_INT64", ["1"])], [("NOISE", "TYPE_FP32", ["33"])]),
        (
            "class_map",
            [("CLASSES", "TYPE_UINT8", ["-1", "-1"]), ("SIZE_WH", "TYPE_INT32", ["2"])],
            [("CLASS_MAP", "TYPE_STRING", ["1"])],
        ),
    ],
)
def test_a_configuration_of_backend_and_parameters_is_completed(
    triton: Triton, model: str, takes: _Tensors, gives: _Tensors
) -> None:
    config = triton.config(model)
    for key, expected in (("input", takes), ("output", gives)):
        assert [(entry["name"], entry["data_type"], entry["dims"]) for entry in config[key]] == expected
    assert config["max_batch_size"] == 32
    assert "dynamic_batching" in config


def test_pictures_are_decoded_as_training_decodes_them(triton: Triton) -> None:
    files = [picture("PNG"), picture("JPEG", (500, 400)), picture("WEBP", (7, 300))]
    answer = triton.infer("decode", {"IMAGE": texts(*files)})
    assert np.array_equal(answer["PIXELS"], np.stack([decode(file, SPEC) for file in files]))
    assert answer["SIZE_WH"].dtype == np.int32
    assert answer["SIZE_WH"].tolist() == [[30, 20], [500, 400], [7, 300]]


def test_a_configuration_of_an_earlier_export_gives_pixels_only(triton: Triton) -> None:
    answer = triton.infer("decode_earlier", {"IMAGE": texts(picture())})
    assert answer.keys() == {"PIXELS"}
    assert np.array_equal(answer["PIXELS"], decode(picture(), SPEC)[np.newaxis])


CLASSES = np.array([[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]], np.uint8)


def test_class_maps_come_as_pictures_of_the_sizes_that_were_sent(triton: Triton) -> None:
    sizes_wh = np.array([[6, 2], [1, 1]], np.int32)
    maps = triton.infer("class_map", {"CLASSES": CLASSES, "SIZE_WH": sizes_wh})["CLASS_MAP"]
    wanted = [to_sent_size(CLASSES[0], (6, 2), MapFit("squash")), to_sent_size(CLASSES[1], (1, 1), MapFit("squash"))]
    for file, classes in zip(maps[:, 0], wanted, strict=True):
        assert np.array_equal(np.asarray(open_picture(file)), classes)


@pytest.mark.parametrize("size_wh", [(0, 5), (-1, 5), (65_536, 1), (50_000, 1_001)])
def test_a_size_that_no_picture_has_is_the_senders_error(triton: Triton, size_wh: tuple[int, int]) -> None:
    with pytest.raises(InferenceServerException, match="expected SIZE_WH of a picture") as refused:
        triton.infer("class_map", {"CLASSES": CLASSES[:1], "SIZE_WH": np.array([size_wh], np.int32)})
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"


@pytest.mark.parametrize(("data", "named"), BAD)
def test_a_bad_picture_is_the_senders_error(triton: Triton, data: bytes, named: str) -> None:
    with pytest.raises(InferenceServerException) as refused:
        triton.infer("decode", {"IMAGE": texts(data)})
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
    message = str(refused.value.message())
    assert message.startswith("expected")
    assert named in message
    assert "/" not in message
    assert "\n" not in message


def test_a_bad_picture_of_a_request_is_named_by_its_place(triton: Triton) -> None:
    with pytest.raises(InferenceServerException, match="picture 2 of 3: expected a JPEG, PNG"):
        triton.infer("decode", {"IMAGE": texts(picture(), b"hello", picture())})


def test_bad_pictures_leave_the_others_of_their_batch_alone(triton: Triton) -> None:
    files = [picture(level=10), b"hello", picture(level=20), b"", picture("JPEG", level=30), picture()[:60]]
    before = triton.executions("decode_waiting")
    answers = triton.infer_together("decode_waiting", [{"IMAGE": texts(file)} for file in files])
    assert triton.executions("decode_waiting") - before < len(files)
    for file, answer in zip(files, answers, strict=True):
        if file in (files[1], files[3], files[5]):
            assert isinstance(answer, InferenceServerException)
            assert answer.status() == "StatusCode.INVALID_ARGUMENT"
        else:
            assert isinstance(answer, dict)
            assert np.array_equal(answer["PIXELS"], decode(file, SPEC)[np.newaxis])


def test_pixels_are_encoded(triton: Triton) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (2, 5, 9, 3), np.uint8)
    files = triton.infer("encode", {"PIXELS": pixels})["RESULT"]
    assert files.shape == (2, 1)
    for index in range(2):
        assert np.array_equal(np.asarray(open_picture(files[index, 0])), pixels[index])
        assert files[index, 0][:16] == encode_png(pixels[index])[:16]


def test_pixels_of_no_size_are_the_senders_error(triton: Triton) -> None:
    with pytest.raises(InferenceServerException) as refused:
        triton.infer("encode", {"PIXELS": np.zeros((1, 0, 4, 3), np.uint8)})
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"


@pytest.mark.parametrize("seeds", [[7], [0, -1, 2**63 - 1, -(2**63)]])
def test_a_seed_gives_the_noise_that_it_gives_everywhere(triton: Triton, seeds: list[int]) -> None:
    noise = triton.infer("noise", {"SEED": np.array(seeds, np.int64)[:, np.newaxis]})["NOISE"]
    assert np.array_equal(noise, np.stack([normal_noise(seed, 33) for seed in seeds]))


UNLOADABLE: dict[str, tuple[str, str]] = {
    "decode_without_size": (
        'backend: "image_decode"\n',
        "expected the parameters width and height, got none; add width and height to config.pbtxt",
    ),
    "decode_of_unknown_fit": (
        'backend: "image_decode"\n' + parameters(width="8", height="8", fit="pad"),
        "fit: expected one of squash, crop, letterbox, got 'pad'",
    ),
    "decode_to_other_pixels": (
        'backend: "image_decode"\nmax_batch_size: 4\n'
        + parameters(width="8", height="6")
        + tensor("input", "IMAGE", "TYPE_STRING", "[1]")
        + tensor("output", "PIXELS", "TYPE_UINT8", "[8,6,3]"),
        "expected 2 outputs, PIXELS TYPE_UINT8 [6, 8, 3] and SIZE_WH TYPE_INT32 [2] (optional), got PIXELS TYPE_UINT8 "
        "[8, 6, 3]; correct the output in",
    ),
    "class_map_of_unknown_fit": (
        'backend: "class_map"\n' + parameters(fit="pad"),
        "fit: expected one of squash, crop, letterbox, got 'pad'",
    ),
    "class_map_without_sizes": (
        'backend: "class_map"\nmax_batch_size: 4\n' + tensor("input", "CLASSES", "TYPE_UINT8", "[-1,-1]"),
        "expected 2 inputs, CLASSES TYPE_UINT8 [-1, -1] and SIZE_WH TYPE_INT32 [2], got CLASSES TYPE_UINT8 [-1, -1];",
    ),
    "encode_of_floats": (
        'backend: "image_encode"\nmax_batch_size: 4\n' + tensor("input", "PIXELS", "TYPE_FP32", "[-1,-1,3]"),
        "expected one input, PIXELS TYPE_UINT8 [-1, -1, 3], got PIXELS TYPE_FP32 [-1, -1, 3]",
    ),
    "noise_of_no_size": ('backend: "latent_noise"\n', "size: expected a whole number from 1 to 16777216, got None"),
}


@pytest.fixture(scope="module")
def load_failures(triton: Triton) -> dict[str, str]:
    for name, (config, _) in UNLOADABLE.items():
        write_model(triton.repository, name, config + ON_CPU)
    return triton.load_failures(list(UNLOADABLE))


@pytest.mark.parametrize("name", UNLOADABLE)
def test_an_unusable_configuration_says_why(load_failures: dict[str, Any], name: str) -> None:
    assert UNLOADABLE[name][1] in load_failures[name]

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline_server.errors import NotARepositoryError
from sightline_server.golden import Case, GoldenTensor, differences, read_golden

PICTURE = np.random.default_rng(7).integers(10, 240, (4, 6, 3)).astype(np.uint8)


def png(pixels: "np.ndarray[Any, np.dtype[np.uint8]]") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def tensor(values: Any, dtype: Any, **more: Any) -> GoldenTensor:
    names = {np.float32: "FP32", np.int64: "INT64", np.object_: "BYTES"}
    return GoldenTensor("OUT", names[dtype], np.array(values, dtype=dtype), **more)


def outcome(expected: GoldenTensor, got: Any) -> list[str]:
    return differences(Case("a", (), (expected,)), {"OUT": got})


def scores(*values: float) -> "np.ndarray[Any, np.dtype[np.float32]]":
    return np.array([values], dtype=np.float32)


EXPECTED_SCORES = tensor([0.25, 0.75], np.float32, tolerance=1e-4)
EXPECTED_PICTURE = tensor([png(PICTURE)], np.object_, tolerance=2, is_picture=True)


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (scores(0.25, 0.75), None),
        (scores(0.25009, 0.74995), None),
        (scores(0.2502, 0.75), "differs by up to 0.0002, allowed is 0.0001"),
        (scores(0.25, float("nan")), "differs by up to nan"),
        (scores(0.25), "has the shape [1, 1], expected [1, 2]"),
        (np.zeros((2, 2), np.float32), "has the shape [2, 2], expected [1, 2]"),
        (None, "is missing"),
    ],
    ids=["equal", "within", "beyond", "nan", "short", "batch", "missing"],
)
def test_scores_are_compared_within_their_tolerance(got: Any, said: str | None) -> None:
    found = outcome(EXPECTED_SCORES, got)
    assert (not found) if said is None else (said in found[0] and "case 'a': OUT" in found[0])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (png(PICTURE), None),
        (png(PICTURE + 2), None),
        (png(PICTURE - 2), None),
        (png(PICTURE + 3), "differs by up to 3, allowed is 2 pixel levels"),
        (png(PICTURE[:, :5]), "is a picture of 5x4, expected 6x4"),
        (b"text", "is not a picture"),
    ],
    ids=["equal", "brighter within", "darker within", "beyond", "size", "text"],
)
def test_pictures_are_compared_by_their_pixels(data: bytes, said: str | None) -> None:
    found = outcome(EXPECTED_PICTURE, np.array([[data]], dtype=np.object_))
    assert (not found) if said is None else said in found[0]


@pytest.mark.parametrize(("flips", "same"), [(0.0, False), (0.01, False), (0.02, True)])
@pytest.mark.parametrize("is_picture", [True, False])
def test_a_share_of_the_classes_may_flip_at_an_edge(flips: float, same: bool, is_picture: bool) -> None:
    classes = np.zeros((10, 10), np.uint8)
    flipped = np.zeros((10, 10), np.uint8)
    flipped[4, 4:6] = 9
    got: Any
    if is_picture:
        expected = tensor([png(classes)], np.object_, is_picture=True, flips=flips)
        got = np.array([[png(flipped)]], dtype=np.object_)
    else:
        expected, got = GoldenTensor("OUT", "UINT8", classes, flips=flips), flipped[None]
    assert (outcome(expected, got) == []) is same


def test_a_map_of_one_byte_per_pixel_is_no_colour_picture() -> None:
    expected = tensor([png(PICTURE[..., 0])], np.object_, is_picture=True)
    (said,) = outcome(expected, np.array([[png(PICTURE)]], dtype=np.object_))
    assert "is a picture of 6x4, expected 6x4 with one byte per pixel" in said


def test_whole_numbers_and_texts_must_be_equal() -> None:
    assert outcome(tensor([3], np.int64), np.array([[4]])) == ["case 'a': OUT differs by up to 1, allowed is 0"]
    texts = tensor([b"a", b"b"], np.object_)
    assert outcome(texts, np.array([[b"a", b"b"]], dtype=np.object_)) == []
    assert "expected [b'a', b'b']" in outcome(texts, np.array([[b"a", b"c"]], dtype=np.object_))[0]


def write(folder: Path, content: Any) -> Path:
    path = folder / "golden.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def golden(inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "version": 1, "task": "t", "cases": [{"name": "a", "inputs": inputs, "outputs": outputs}]}


SEED = {"SEED": {"datatype": "INT64", "shape": [1], "values": [7]}}
SCORES = {"SCORES": {"datatype": "FP32", "shape": [2, 2], "values": [0, 1, 2, 3], "tolerance": 0.5}}


def test_golden_answers_are_read_with_shapes_types_and_files(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x00 bytes \x00")
    image = {"IMAGE": {"datatype": "BYTES", "shape": [1], "file": "a.png"}}
    (case,) = read_golden(write(tmp_path, golden({**image, **SEED}, SCORES))).cases
    picture, seed = case.inputs
    assert picture.values.tolist() == [b"\x00 bytes \x00"]
    assert picture.is_picture
    assert (seed.values.dtype, seed.values.tolist()) == (np.int64, [7])
    (output,) = case.outputs
    assert (output.values.tolist(), output.tolerance) == ([[0, 1], [2, 3]], 0.5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Expecting"),
        ({}, "the key 'cases' is missing"),
        (golden(SEED, {}), "holds no complete case"),
        (golden(SEED, {"S": {"datatype": "FP32", "shape": [2], "values": [1]}}), "cannot reshape"),
        (golden(SEED, {"S": {"datatype": "COMPLEX", "shape": [1], "values": [1]}}), "unknown datatype 'COMPLEX'"),
        (golden({"I": {"datatype": "BYTES", "shape": [1], "file": "none.png"}}, SCORES), "none.png"),
        (golden({"I": {"datatype": "BYTES", "shape": [1], "file": "../../secret"}}, SCORES), "a file beside"),
    ],
    ids=["not json", "no cases", "no outputs", "shape", "datatype", "no file", "file elsewhere"],
)
def test_golden_answers_that_cannot_be_read_are_refused(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(NotARepositoryError, match=said):
        read_golden(write(tmp_path, content))

"""Pictures with further inputs, over every way, against real models: edits, classes, and what lies between two."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import PIL.Image
import pytest
from client.further_repository import COLOURS, OPERATIONS, SIDE
from numpy.typing import NDArray
from serving import Service
from ways import client_over

import sightline
from sightline import Client
from sightline_backend.edits import EDITS, edited


@pytest.fixture
def client(way: str, tasks: Service) -> Iterator[Client]:
    with client_over(way, tasks.http_url, tasks.grpc_url, timeout=30) as client:
        yield client


def noise(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


PIXELS = noise(60, 40)


def turned_jpeg() -> bytes:
    """60 x 40 pixels upright, stored turned: the left half is red, the right half blue."""
    upright = np.zeros((40, 60, 3), np.uint8)
    upright[:, :30, 0], upright[:, 30:, 2] = 255, 255
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    stored = PIL.Image.fromarray(upright).transpose(PIL.Image.Transpose.ROTATE_90)
    stored.save(file, "JPEG", quality=100, subsampling=0, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize(
    ("model", "inputs", "size"),
    [
        ("resize", {"width": 30}, (30, 20)),
        ("resize", {"height": "10"}, (15, 10)),
        ("resize", {"width": 7, "height": 9}, (7, 9)),
        ("resize", {}, (60, 40)),
        ("rotate", {}, (40, 60)),
        ("rotate", {"degrees": 180.0}, (60, 40)),
        ("rotate", {"degrees": -30}, (72, 66)),
        ("flip", {"direction": "vertical"}, (60, 40)),
        ("crop", {"xyxy": [10, 5, 40, 35]}, (30, 30)),
        ("crop", {"XYXY": "10,5,40,35"}, (30, 30)),
        ("enhance", {}, (60, 40)),
        ("enhance", {"sharpen": 2, "equalize": 0.5}, (60, 40)),
    ],
)
def test_an_edit_is_what_its_function_makes_of_the_picture(
    client: Client, model: str, inputs: dict[str, Any], size: tuple[int, int]
) -> None:
    result = client.enhance(PIXELS, model=model, **inputs)
    file = io.BytesIO()
    PIL.Image.fromarray(PIXELS).save(file, "PNG")
    arrays = {
        name.upper(): np.array([value.encode()] if name == "direction" else np.array(_numbers(value)).reshape(-1))
        for name, value in inputs.items()
    }
    assert (result.mode, result.size) == ("RGB", size)
    assert result.tobytes() == edited(file.getvalue(), EDITS[model], arrays).tobytes()


def _numbers(value: Any) -> list[float]:
    return [float(each) for each in value.split(",")] if isinstance(value, str) else value


def test_a_box_is_in_pixels_of_the_upright_picture(client: Client) -> None:
    part = client.enhance(turned_jpeg(), model="crop", xyxy=(0, 0, 29, 40))
    assert part.size == (29, 40)
    assert np.asarray(part)[:, :25, 0].min() > 240


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        ("resize", {"width": 0}, "WIDTH: expected a number from 1 to 65535, got 0"),
        ("resize", {"width": 60_000, "height": 60_000}, r"at most 50 megapixels .* got 60000x60000"),
        ("rotate", {"degrees": float("nan")}, "DEGREES: expected a number"),
        ("flip", {"direction": "sideways"}, "DIRECTION: expected 'horizontal' or 'vertical', got 'sideways'"),
        ("crop", {"xyxy": [0, 0, 61, 40]}, "XYXY: expected left < right and top < bottom inside of 60x40 pixels"),
        ("enhance", {"autocontrast": 2}, "AUTOCONTRAST: expected a number from 0 to 1, got 2"),
    ],
)
def test_the_server_refuses_a_value_that_the_operation_cannot_use(
    client: Client, model: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(sightline.InvalidRequest, match=message) as caught:
        client.enhance(PIXELS, model=model, **inputs)
    assert caught.value.status in ("400", "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        ("resize", {"widht": 3}, "an input of 'resize' beside the picture: width, height, got 'widht'"),
        ("resize", {"width": "wide"}, "width of 'resize' as a whole number"),
        ("tiny_inverter", {"width": 3}, "expected nothing but a picture for 'tiny_inverter', got 'width' too"),
    ],
)
def test_what_a_model_does_not_take_is_refused_before_it_is_sent(
    client: Client, model: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(sightline.InvalidRequest, match=message) as caught:
        client.enhance(PIXELS, model=model, **inputs)
    assert caught.value.status is None


@pytest.mark.parametrize("model", OPERATIONS)
def test_an_edit_of_no_picture_is_refused_with_the_reason(client: Client, model: str) -> None:
    with pytest.raises(sightline.InvalidRequest, match="expected a JPEG, PNG, WebP, BMP or GIF file, got a text file"):
        client.enhance(b"hello", model=model)


def test_a_bad_request_leaves_those_that_are_edited_with_it_alone(tasks: Service) -> None:
    # more at once than there are instances, so that the server joins them
    with Client(tasks.grpc_url, timeout=60) as client, ThreadPoolExecutor(16) as pool:

        def resize(number: int) -> tuple[int, int] | str:
            try:
                picture = noise(20 + number, 10 + 3 * number)
                wrong = {"height": -1} if number % 5 == 0 else {}
                return client.enhance(picture, model="resize", width=number + 1, **wrong).size
            except sightline.InvalidRequest as error:
                return str(error)

        answers = list(pool.map(resize, range(40)))
    for number, answer in enumerate(answers):
        if number % 5 == 0:
            assert isinstance(answer, str)
            assert "HEIGHT: expected a number from 1 to 65535, got -1" in answer
        else:
            assert not isinstance(answer, str)
            assert answer[0] == number + 1


def test_a_request_of_several_pictures_has_parameters_for_each(client: Client) -> None:
    files: list[bytes] = []
    for width, height in ((40, 20), (30, 60)):
        file = io.BytesIO()
        PIL.Image.fromarray(noise(width, height)).save(file, "PNG")
        files.append(file.getvalue())
    inputs = {"IMAGE": np.array(files, object)[:, None], "WIDTH": np.array([[10], [15]], np.int32)}
    results = client.infer("resize", inputs)["RESULT"]
    assert [PIL.Image.open(io.BytesIO(data)).size for data in results[:, 0]] == [(10, 5), (15, 30)]


@pytest.mark.parametrize(("class_id", "channel"), [(0, 0), (2, 2), ("green", 1), ("2", 2)])
def test_a_class_is_shown_when_it_is_asked_for(client: Client, class_id: int | str, channel: int) -> None:
    picture = np.asarray(client.generate(seed=7, model="tiny_generator", class_id=class_id))
    assert picture.shape == (SIDE, SIDE, 3)
    assert (picture[..., channel] == 255).all()
    assert (np.delete(picture, channel, axis=-1) < 255).all()


def test_without_a_class_the_seed_decides(client: Client) -> None:
    pictures = [np.asarray(client.generate(seed=seed, model="tiny_generator")) for seed in range(12)]
    shown = {int(np.argmax(picture[0, 0])) for picture in pictures}
    assert shown == set(range(len(COLOURS)))
    again = np.asarray(client.generate(seed=3, model="tiny_generator"))
    assert np.array_equal(again, pictures[3])


def test_a_class_for_a_model_without_one_is_refused_before_it_is_sent(client: Client, toys: Service, way: str) -> None:
    with pytest.raises(sightline.InvalidRequest, match="from 0 to 2 or one of red, green, blue, got 'pink'"):
        client.generate(seed=7, model="tiny_generator", class_id="pink")
    with client_over(way, toys.http_url, toys.grpc_url, timeout=30) as other:
        with pytest.raises(sightline.InvalidRequest, match=r"takes a class \(CLASS_ID\), got 'toy_pictures'") as caught:
            other.generate(seed=7, model="toy_pictures", class_id=1)
        assert caught.value.status is None


@pytest.mark.parametrize("fraction", [0, 0.25, 0.5, 1])
def test_what_lies_between_two_pictures(client: Client, fraction: float) -> None:
    first, second = noise(8, 8, 1), noise(8, 8, 2)
    result = np.asarray(client.interpolate(first, PIL.Image.fromarray(second), fraction, model="tiny_interpolate"))
    np.testing.assert_allclose(result, first + fraction * (second.astype(float) - first), atol=0.51)


def test_the_pictures_between_may_have_any_size_and_each_is_checked(client: Client) -> None:
    assert client.interpolate(PIXELS, turned_jpeg(), 0.5, model="tiny_interpolate").size == (8, 8)
    with pytest.raises(sightline.ImageError, match=r"no such file: 'missing\.png'"):
        client.interpolate(PIXELS, "missing.png", 0.5, model="tiny_interpolate")
    with pytest.raises(sightline.InvalidRequest, match="got a text file"):
        client.interpolate(PIXELS, b"hello", 0.5, model="tiny_interpolate")
    with pytest.raises(sightline.InvalidRequest, match=r"two pictures and a fraction .* got 'tiny_inverter'"):
        client.interpolate(PIXELS, PIXELS, 0.5, model="tiny_inverter")


def test_what_a_model_takes_can_be_asked(client: Client) -> None:
    model = client.model("resize")
    assert (model.name, model.version, model.task) == ("resize", 1, "image-to-image")
    assert [str(tensor) for tensor in model.inputs] == [
        "IMAGE BYTES [-1, 1]",
        "WIDTH INT32 [-1, 1] optional",
        "HEIGHT INT32 [-1, 1] optional",
    ]
    with pytest.raises(sightline.ModelNotFound):
        client.model("resise")

"""The same call over every way to the server gives the same answer."""

import io

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest
from congruence.raw_post import post_picture
from numpy.typing import NDArray
from serving import Service

from sightline import Client, ModelInfo

TOLERANCE = 1e-5


def drawn(digit: str, size_wh: tuple[int, int]) -> PIL.Image.Image:
    """A digit in white on black, with some noise."""
    width, height = size_wh
    noise = np.random.default_rng(int(digit)).integers(0, 40, (height, width, 3), dtype=np.uint8)
    image = PIL.Image.fromarray(noise)
    font = PIL.ImageFont.load_default(size=height * 0.8)
    PIL.ImageDraw.Draw(image).text((width / 2, height / 2), digit, fill="white", font=font, anchor="mm")
    return image


def encoded(image: PIL.Image.Image, file_format: str, *, orientation: int = 1) -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, file_format, exif=exif)
    return file.getvalue()


PICTURES = {
    "jpeg": encoded(drawn("7", (300, 200)), "JPEG"),
    "jpeg turned": encoded(drawn("3", (120, 500)), "JPEG", orientation=6),
    "grey png": encoded(drawn("0", (31, 77)).convert("L"), "PNG"),
    "palette png": encoded(drawn("5", (64, 64)).convert("P"), "PNG"),
    "webp": encoded(drawn("9", (640, 480)), "WEBP"),
}


def scores(url: str, model: str, picture: bytes) -> NDArray[np.float32]:
    """(K,) in the order of the model's classes."""
    with Client(url, timeout=60) as client:
        answer = client.classify(picture, model=model, top_k=1000)
    ordered = np.empty_like(answer.scores)
    ordered[answer.class_ids] = answer.scores
    return ordered


def test_a_toy_answers_the_same_over_every_way(toys: Service) -> None:
    raw = post_picture(toys.http_url, "toy", b"xxxx")
    assert raw.tolist() == pytest.approx([5 / 11, 2 / 11, 4 / 11])
    for url in (toys.http_url, toys.grpc_url):
        np.testing.assert_allclose(scores(url, "toy", b"xxxx"), raw, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("model", ["cnn", "attention"])
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_picture_gets_the_same_scores_over_every_way(service: Service, model: str, picture: bytes) -> None:
    raw = post_picture(service.http_url, model, picture)
    assert raw.shape == (10,)
    assert raw.sum() == pytest.approx(1, abs=1e-4)
    for url in (service.http_url, service.grpc_url):
        np.testing.assert_allclose(scores(url, model, picture), raw, rtol=0, atol=TOLERANCE)


def test_a_lossless_picture_gets_the_same_scores_from_a_file_an_array_and_a_pil_image(service: Service) -> None:
    image = drawn("4", (90, 70))
    with Client(service.grpc_url, timeout=60) as client:
        answers = [client.classify(each, top_k=10) for each in (encoded(image, "PNG"), np.asarray(image), image)]
    for answer in answers[1:]:
        assert answer.labels == answers[0].labels
        np.testing.assert_allclose(answer.scores, answers[0].scores, rtol=0, atol=TOLERANCE)


def test_a_seed_gives_the_same_picture_over_both_protocols_every_time(service: Service) -> None:
    pictures: list[NDArray[np.uint8]] = []
    for url in (service.http_url, service.grpc_url, service.http_url):
        with Client(url, timeout=60) as client:
            pictures.append(np.asarray(client.generate(seed=2026)))
    assert pictures[0].shape == (16, 16, 3)
    assert np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[0], pictures[2])


def test_both_protocols_list_the_same_models(service: Service) -> None:
    lists: list[list[ModelInfo]] = []
    for url in (service.http_url, service.grpc_url):
        with Client(url, timeout=60) as client:
            lists.append(client.models())
    assert lists[0] == lists[1]
    with_task = {model.name: model.task for model in lists[0] if model.task}
    assert {name: with_task[name] for name in ("attention", "cnn", "gan")} == {
        "attention": "image-classification",
        "cnn": "image-classification",
        "gan": "unconditional-image-generation",
    }

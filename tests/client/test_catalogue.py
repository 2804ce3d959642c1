"""The client against the models of this checkout."""

import io
import zlib

import numpy as np
import PIL.Image
import pytest
from serving import Service

import sightline
from sightline import Client


@pytest.fixture(params=["http", "grpc"])
def client(request: pytest.FixtureRequest, service: Service) -> Client:
    return Client(service.http_url if request.param == "http" else service.grpc_url, timeout=60)


def huge_png(side: int) -> bytes:
    """A PNG of a few kilobytes whose header promises side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    size = side.to_bytes(4, "big")
    header = chunk(b"IHDR", size + size + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")


def truncated_jpeg() -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    PIL.Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()[:500]


@pytest.mark.parametrize("model", ["cnn", "attention"])
@pytest.mark.parametrize(
    "data",
    [b"this is a text file called photo.jpg", huge_png(50_000), truncated_jpeg(), b"\0"],
    ids=["text", "50,000 x 50,000 pixels", "truncated", "one byte"],
)
def test_what_the_server_cannot_decode_is_refused_with_a_reason_and_it_goes_on(
    client: Client, model: str, data: bytes
) -> None:
    with client:
        with pytest.raises(sightline.InvalidRequest) as caught:
            client.classify(data, model=model)
        assert "in ensemble" not in str(caught.value)
        assert caught.value.status in ("400", "INVALID_ARGUMENT")
        assert len(client.classify(np.zeros((20, 30, 3), np.uint8), model=model, top_k=10).labels) == 10


def test_the_labels_of_the_classifiers_of_digits_are_the_ten_digits(client: Client) -> None:
    with client:
        labels = {model.name: model.labels for model in client.models() if model.task == "image-classification"}
    assert {name: labels[name] for name in ("attention", "cnn")} == {
        "attention": tuple("0123456789"),
        "cnn": tuple("0123456789"),
    }


def test_generated_pictures_differ_from_seed_to_seed(client: Client) -> None:
    with client:
        one, other = (client.generate(seed=seed) for seed in (1, 2))
    assert one.size == other.size == (16, 16)
    assert one.tobytes() != other.tobytes()

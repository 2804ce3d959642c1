"""Triton's own classification extension, as NVIDIA's example clients ask for it, works with our repository.

`image_client.py` and `grpc_image_client.py` send pixels to a network, `ensemble_image_client.py` sends the bytes of a
file to an ensemble; all of them ask every output for its best classes, as texts `score:index:label`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from numpy.typing import NDArray
from serving import ROOT, Service

from sightline_backend.pixels import decode
from sightline_export.recipe import Recipe, find_recipe

PICTURE = ROOT / "model_repository" / "cnn" / "1" / "golden" / "digit-3.png"


Ask = Callable[[str, NDArray[Any], str], list[list[str]]]


@pytest.fixture(params=["http", "grpc"])
def ask(request: pytest.FixtureRequest, service: Service) -> Iterator[Ask]:
    """`ask(model, array, datatype)` gives the three best classes of each picture of a batch."""
    triton: Any = triton_http if request.param == "http" else triton_grpc
    url = service.http_url if request.param == "http" else service.grpc_url
    client = triton.InferenceServerClient(url.partition("://")[2])
    options = {} if request.param == "http" else {"as_json": True}

    def best_classes(model: str, array: NDArray[Any], datatype: str) -> list[list[str]]:
        metadata = client.get_model_metadata(model, **options)
        tensor = triton.InferInput(metadata["inputs"][0]["name"], list(array.shape), datatype)
        tensor.set_data_from_numpy(array)
        names = [each["name"] for each in metadata["outputs"]]
        wanted = [triton.InferRequestedOutput(name, class_count=3) for name in names]
        texts = client.infer(model, [tensor], outputs=wanted).as_numpy(names[0])
        return [[text.decode() for text in row] for row in texts]

    yield best_classes
    client.close()


@pytest.mark.parametrize("batch", [1, 3])
def test_a_network_names_the_classes_of_its_pixels(ask: Ask, batch: int) -> None:
    recipe = find_recipe("cnn")
    assert isinstance(recipe, Recipe)
    pixels = np.stack([decode(PICTURE.read_bytes(), recipe.spec.pixels)] * batch)
    check(ask("cnn_network", pixels, "UINT8"), batch)


@pytest.mark.parametrize("batch", [1, 3])
def test_an_ensemble_names_the_classes_of_a_file(ask: Ask, batch: int) -> None:
    files = np.array([[PICTURE.read_bytes()]] * batch, dtype=np.object_)
    check(ask("cnn", files, "BYTES"), batch)


def check(rows: list[list[str]], batch: int) -> None:
    assert len(rows) == batch
    for row in rows:
        scores = [float(text.split(":")[0]) for text in row]
        assert scores == sorted(scores, reverse=True)
        assert [text.split(":")[1] for text in row] == [text.split(":")[2] for text in row]
        assert row[0].endswith(":3:3")


def test_the_networks_configuration_says_what_the_examples_ask_for() -> None:
    text = (ROOT / "model_repository" / "cnn_network" / "config.pbtxt").read_text()
    assert "FORMAT_NHWC" in text
    assert "label_filename" in text

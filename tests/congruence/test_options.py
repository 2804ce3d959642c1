"""Further inputs by name: the same call over every way gives the same bytes."""

from collections.abc import Callable

import numpy as np
import PIL.Image
import pytest
from client.further_repository import write_further_models
from client.task_repository import write_task_repository
from serving import Serve, Service
from ways import WAYS, client_over

from sightline import Client, InvalidRequest, ModelInfo

FIRST, SECOND = (np.random.default_rng(seed).integers(0, 256, (50, 70, 3), dtype=np.uint8) for seed in (1, 2))

CALLS: dict[str, Callable[[Client], PIL.Image.Image]] = {
    "resize": lambda client: client.enhance(FIRST, model="resize", width=33),
    "rotate": lambda client: client.enhance(FIRST, model="rotate", degrees=-12.5),
    "flip": lambda client: client.enhance(FIRST, model="flip", direction="vertical"),
    "crop": lambda client: client.enhance(FIRST, model="crop", xyxy=[3, 4, 60, 40]),
    "enhance": lambda client: client.enhance(FIRST, model="enhance", sharpen=0.3),
    "generate": lambda client: client.generate(seed=2**40, model="tiny_generator"),
    "generate a class": lambda client: client.generate(seed=-5, model="tiny_generator", class_id="blue"),
    "interpolate": lambda client: client.interpolate(FIRST, SECOND, 0.3, model="tiny_interpolate"),
}


@pytest.fixture(scope="session")
def tasks(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The small models that the tests of the client use, with the operations."""
    return serve(write_further_models(write_task_repository(tmp_path_factory.getbasetemp() / "tasks")))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_call_gives_the_same_picture_over_every_way(
    tasks: Service, call: Callable[[Client], PIL.Image.Image]
) -> None:
    pictures: list[PIL.Image.Image] = []
    for way in WAYS:
        with client_over(way, tasks.http_url, tasks.grpc_url, timeout=30) as client:
            pictures.append(call(client))
    assert {(picture.mode, picture.size) for picture in pictures} == {("RGB", pictures[0].size)}
    assert len({picture.tobytes() for picture in pictures}) == 1
    assert len(set(pictures[0].tobytes())) > 1


def test_a_refusal_says_the_same_over_every_way(tasks: Service) -> None:
    said: set[str] = set()
    for way in WAYS:
        with client_over(way, tasks.http_url, tasks.grpc_url, timeout=30) as client:
            with pytest.raises(InvalidRequest) as caught:
                client.enhance(FIRST, model="crop", xyxy=[0, 0, 0, 0])
            url = tasks.http_url if way.endswith("http") else tasks.grpc_url
            said.add(str(caught.value).replace(url, ""))
    assert len(said) == 1


def test_every_way_describes_a_model_alike(tasks: Service) -> None:
    described: list[ModelInfo] = []
    for way in WAYS:
        with client_over(way, tasks.http_url, tasks.grpc_url, timeout=30) as client:
            described.append(client.model("enhance"))
    assert all(model == described[0] for model in described)
    assert [tensor.name for tensor in described[0].inputs if tensor.is_optional] == [
        "AUTOCONTRAST",
        "EQUALIZE",
        "SHARPEN",
    ]

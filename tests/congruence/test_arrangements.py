"""The portable ensemble and the variant `cpu` are one contract: the same bits, the same refusals."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from serving import Serve, Service, built_repository

from sightline import Client
from sightline.errors import InvalidRequest, ModelNotFound
from sightline_export.repository.golden import stack
from sightline_export.repository.published import read_published
from sightline_export.signature import TensorSpec
from sightline_export.verification.service import connected

OUTPUTS = {
    "cnn": TensorSpec("SCORES", "FP32", (10,)),
    "attention": TensorSpec("SCORES", "FP32", (10,)),
    "gan": TensorSpec("RESULT", "BYTES", (1,)),
}
DIGIT = built_repository() / "cnn" / "1" / "golden" / "digit-3.png"


@pytest.fixture(scope="module")
def arrangements(serve: Serve) -> dict[str, Service]:
    return {name: serve(built_repository(), "--model-config-name", name) for name in ("cpu", "portable")}


@pytest.mark.parametrize("name", OUTPUTS)
def test_they_give_the_same_bits(name: str, arrangements: dict[str, Service]) -> None:
    cases, _ = read_published(built_repository(), name).cases()
    for case in [*cases[:12], cases[-1]]:
        inputs = stack([case])
        answers: list[np.ndarray] = []
        for service in arrangements.values():
            with connected(service.grpc_url) as server:
                answers.append(server.runtime(name, [OUTPUTS[name]])(inputs)[OUTPUTS[name].name])
        assert answers[0].tolist() == answers[1].tolist(), case.name


def test_they_refuse_a_bad_picture_alike_and_answer_its_batch_mates(arrangements: dict[str, Service]) -> None:
    messages: list[str] = []
    for service in arrangements.values():
        with Client(service.http_url) as client, ThreadPoolExecutor(9) as pool:
            good = [pool.submit(client.classify, DIGIT, model="cnn") for _ in range(4)]
            bad = pool.submit(client.classify, DIGIT.read_bytes()[:200], model="cnn")
            more = [pool.submit(client.classify, DIGIT, model="cnn") for _ in range(4)]
            assert {future.result().label for future in [*good, *more]} == {"3"}
            with pytest.raises(InvalidRequest) as refused:
                bad.result()
            assert refused.value.status == "400"
            said = str(refused.value).replace(service.http_url, "URL")
            messages.append(said.replace("in ensemble 'cnn', ", ""))
    assert messages[0] == messages[1]


def test_the_steps_are_served_in_the_portable_one_only(arrangements: dict[str, Service]) -> None:
    served: dict[str, set[str]] = {}
    for name, service in arrangements.items():
        with Client(service.http_url) as client:
            served[name] = {model.name for model in client.models()}
    assert {"cnn", "attention", "gan"} <= served["cpu"] & served["portable"]
    assert "pixels_rgb_64x64_squash" not in served["cpu"]


def test_a_network_is_served_beside_its_model_when_it_is_named(serve: Serve, arrangements: dict[str, Service]) -> None:
    pixels = np.zeros((1, 16, 16, 3), np.uint8)
    with Client(arrangements["cpu"].http_url) as client, pytest.raises(ModelNotFound):
        client.infer("gan_network", {"PIXELS": pixels})
    named = serve(built_repository(), "--models", "gan,gan_network")
    with Client(named.http_url) as client:
        assert client.is_ready("gan")
        assert client.is_ready("gan_network")

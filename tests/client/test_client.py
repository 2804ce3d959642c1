"""The client against real models of a real server, over each protocol."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from client.toy_repository import LABELS, TOLD_CODES
from serving import Service
from ways import WAYS, client_over

import sightline
from sightline import Client, ModelInfo, SightlineError, TensorInfo


def picture(length: int) -> bytes:
    return b"x" * length


def test_a_classification_is_the_same_over_each_protocol(client: Client) -> None:
    answer = client.classify(picture(3), model="toy")  # scores 4, 2, 4 of 10
    assert answer.labels == ("zero", "two", "one")
    assert answer.class_ids.tolist() == [0, 2, 1]
    np.testing.assert_allclose(answer.scores, [0.4, 0.4, 0.2], rtol=1e-6)
    assert client.classify(picture(6), model="toy", top_k=1).labels == ("zero",)


def test_a_model_without_labels_answers_with_its_class_ids(client: Client) -> None:
    assert client.classify(picture(3), model="toy_unlabelled").labels == ("0", "2", "1")


def test_a_path_and_an_array_are_classified_too(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(picture(3))
    assert client.classify(path, model="toy").label == "zero"
    assert set(client.classify(np.zeros((4, 4), np.uint8), model="toy").labels) == set(LABELS)


def test_a_generated_picture_comes_back_as_an_image(client: Client) -> None:
    image = client.generate(seed=7, model="toy_pictures")
    assert (image.mode, image.size, image.getpixel((0, 0))) == ("RGB", (4, 4), (7, 1, 2))
    assert client.generate(seed=-1, model="toy_pictures").getpixel((0, 0)) == (255, 1, 2)


def test_infer_takes_and_gives_raw_tensors_with_their_batch_axis(client: Client) -> None:
    batch = np.array([[picture(1)], [picture(3)]], dtype=object)
    inputs = {"IMAGE": batch}
    outputs = client.infer("toy", inputs)
    assert list(outputs) == ["SCORES"]
    assert (outputs["SCORES"].dtype, outputs["SCORES"].shape) == (np.float32, (2, 3))
    np.testing.assert_allclose(outputs["SCORES"][:, 0], [2 / 8, 4 / 10], rtol=1e-6)
    assert inputs == {"IMAGE": batch}
    result = client.infer("toy_pictures", {"SEED": np.array([[1], [2]])}, outputs=["RESULT"])["RESULT"]
    assert (result.dtype, result.shape) == (np.object_, (2, 1))
    assert bytes(result[0, 0]).startswith(b"\x89PNG")


def test_models_are_listed_with_tasks_labels_and_tensors(client: Client) -> None:
    models = {model.name: model for model in client.models()}
    assert list(models) == ["toy", "toy_network", "toy_pictures", "toy_unlabelled"]
    assert models["toy"] == ModelInfo(
        name="toy",
        task="image-classification",
        version=1,
        labels=LABELS,
        inputs=(TensorInfo("IMAGE", "BYTES", (-1, 1)),),
        outputs=(TensorInfo("SCORES", "FP32", (-1, 3)),),
        max_batch_size=8,
    )
    assert models["toy_network"].task is None


def test_the_server_and_its_models_say_whether_they_are_ready(client: Client) -> None:
    assert client.is_ready()
    assert client.is_ready("toy")
    assert not client.is_ready("nope")
    client.wait_until_ready(timeout=5)


@pytest.mark.parametrize("code", TOLD_CODES)
def test_the_servers_reason_arrives_without_the_name_of_the_ensemble(client: Client, code: str) -> None:
    with pytest.raises(SightlineError, match="expected a picture, got an order; send a picture") as caught:
        client.classify(code.encode(), model="toy")
    assert "in ensemble" not in str(caught.value)
    assert str(caught.value).endswith("; send a picture")
    assert caught.value.model == "toy"


def test_an_exception_in_a_model_arrives_on_one_line_without_paths(client: Client) -> None:
    with pytest.raises(sightline.InferenceFailed, match="told to raise") as caught:
        client.classify(b"raise", model="toy")
    assert "\n" not in str(caught.value)
    assert "model.py" not in str(caught.value)


def test_answers_that_are_not_what_the_task_promises_are_the_models_failure(client: Client) -> None:
    with pytest.raises(sightline.InferenceFailed, match="finite SCORES"):
        client.classify(b"nan", model="toy")
    with pytest.raises(sightline.InferenceFailed, match="PNG"):
        client.generate(seed=13, model="toy_pictures")


def test_a_model_for_another_task_is_refused_with_both_tasks_named(client: Client) -> None:
    with pytest.raises(
        sightline.InvalidRequest, match="for image-classification, got 'toy_pictures', which is for uncond"
    ):
        client.classify(picture(1), model="toy_pictures")


def test_thirty_two_threads_share_one_client_and_each_gets_its_own_answer(way: str, toys: Service) -> None:
    start = threading.Barrier(32)
    # the queue holds 16, so that some are turned away and come again
    patient = client_over(way, toys.http_url, toys.grpc_url, timeout=20, retries=20)

    def ask(length: int) -> list[float]:
        start.wait()
        return [float(client.classify(picture(length), model="toy").scores.max()) for _ in range(5)]

    with patient as client, ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(1, 33)))
    for length, scores in zip(range(1, 33), answers, strict=True):
        first = length % 7 + 1
        assert scores == pytest.approx([max(first, 4) / (first + 6)] * 5)


def test_a_closed_client_says_so(client: Client) -> None:
    assert client.is_ready()
    client.close()
    client.close()
    with pytest.raises(SightlineError, match="this client is closed"):
        client.classify(picture(1), model="toy")


def test_the_address_can_come_from_the_environment(toys: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_URL", toys.grpc_url)
    with Client() as client:
        assert client.url == toys.grpc_url
        assert client.is_ready("toy")


@pytest.mark.parametrize("way", WAYS)
def test_waiting_for_nobody_ends_with_the_reason(way: str) -> None:
    with client_over(way, "http://127.0.0.1:1", "grpc://127.0.0.1:1") as client:
        assert not client.is_ready()
        with pytest.raises(sightline.RequestTimeout, match=r"ready within 0\.3 s, got: no inference server answers"):
            client.wait_until_ready(timeout=0.3)

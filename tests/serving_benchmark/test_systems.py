"""How each system is asked, and how its answer is read: the same answer out of every form."""

import base64
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from benchmarks.serving.answer import Ranked, mistake, ranked
from benchmarks.serving.http_wire import Answer
from benchmarks.serving.measuring import wrong
from benchmarks.serving.questions import require_apart
from benchmarks.serving.scenario import SCENARIOS, Scenario, Served
from benchmarks.serving.system import System
from benchmarks.serving.systems.registry import SYSTEMS, taking_part

from sightline_backend.pixels import PixelSpec

PICTURE = b"\xff\xd8 a picture \r\n\r\n--"
EXPECTED: Ranked = (("seven", 0.5), ("one", 0.25), ("two", 0.125), ("four", 0.0625), ("nine", 0.03125))
SERVED = Served(Path("model.onnx"), PixelSpec(2, 2), tuple(label for label, _ in reversed(EXPECTED)))
SCENARIO = {scenario.key: scenario for scenario in SCENARIOS}


def sent(system: System, scenario: Scenario, payload: bytes) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of the request."""
    head, _, body = system.frame(scenario, SERVED, payload).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert int(headers["Content-Length"]) == len(body)
    return first.split(" ")[1], headers, body


def bytes_tensor(elements: list[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(each)) + each for each in elements)


def triton_answer(**outputs: tuple[str, bytes]) -> Answer:
    described = [
        {"name": name, "datatype": datatype, "parameters": {"binary_data_size": len(data)}}
        for name, (datatype, data) in outputs.items()
    ]
    head = json.dumps({"outputs": described}).encode()
    data = b"".join(data for _, data in outputs.values())
    return Answer(200, {"inference-header-content-length": str(len(head))}, head + data)


def json_answer(value: object) -> Answer:
    return Answer(200, {}, json.dumps(value).encode())


LABELS, SCORES = [label for label, _ in EXPECTED], [score for _, score in EXPECTED]
LISTED = [{"label": label, "score": score} for label, score in EXPECTED]
CLASSES = [f"{score:f}:{index}:{label}".encode() for index, (label, score) in enumerate(EXPECTED)]
ANSWERS = {
    "sightline": triton_answer(SCORES=("BYTES", bytes_tensor(CLASSES))),
    "pytriton": triton_answer(
        LABELS=("BYTES", bytes_tensor([label.encode() for label in LABELS])),
        SCORES=("FP32", np.array(SCORES, np.float32).tobytes()),
    ),
    "mlserver": json_answer({"outputs": [{"name": "LABELS", "data": LABELS}, {"name": "SCORES", "data": SCORES}]}),
    "bentoml": json_answer([LISTED]),
}


@pytest.mark.parametrize("key", SYSTEMS)
def test_the_same_answer_is_read_from_every_system(key: str) -> None:
    answer = ANSWERS.get(key.removesuffix("-portable"), json_answer(LISTED))
    assert SYSTEMS[key].read(answer, SERVED) == EXPECTED
    assert wrong(SYSTEMS[key], SERVED, EXPECTED, answer) is None


@pytest.mark.parametrize("key", SYSTEMS)
def test_an_answer_that_is_none_is_wrong_and_no_crash(key: str) -> None:
    for answer in (Answer(200, {}, b""), Answer(200, {}, b"[]"), Answer(200, {}, b"{}"), Answer(503, {}, b"busy")):
        assert wrong(SYSTEMS[key], SERVED, EXPECTED, answer)


def test_most_take_the_bytes_as_they_are() -> None:
    for key in ("fastapi", "fastapi-workers", "fastapi-batched", "litserve", "ray-serve", "torchserve"):
        _, headers, body = sent(SYSTEMS[key], SCENARIO["jpeg-cnn"], PICTURE)
        assert body == PICTURE
        assert headers["Content-Type"] == "image/jpeg"


def test_triton_takes_them_after_a_head() -> None:
    path, headers, body = sent(SYSTEMS["sightline"], SCENARIO["jpeg-cnn"], PICTURE)
    length = int(headers["Inference-Header-Content-Length"])
    (tensor,) = json.loads(body[:length])["inputs"]
    assert path == "/v2/models/cnn/infer"
    assert tensor["parameters"]["binary_data_size"] == len(body) - length
    assert body[length:] == struct.pack("<I", len(PICTURE)) + PICTURE


def test_a_tensor_goes_to_the_network() -> None:
    pixels = bytes(range(12))
    path, headers, body = sent(SYSTEMS["sightline"], SCENARIO["tensor-cnn"], pixels)
    head = json.loads(body[: int(headers["Inference-Header-Content-Length"])])
    assert path == "/v2/models/cnn_network/infer"
    assert head["inputs"][0]["shape"] == [1, 2, 2, 3]
    assert body.endswith(pixels)
    scores = triton_answer(SCORES=("FP32", np.array(SCORES[::-1], np.float32).tobytes()))
    assert SYSTEMS["sightline"].read(scores, SERVED) == EXPECTED


def test_two_take_base64() -> None:
    bodies = {key: json.loads(sent(SYSTEMS[key], SCENARIO["jpeg-cnn"], PICTURE)[2]) for key in ("bentoml", "mlserver")}
    assert base64.b64decode(bodies["bentoml"]["pictures"][0]) == PICTURE
    assert base64.b64decode(bodies["mlserver"]["inputs"][0]["data"][0]) == PICTURE


def test_scenarios_choose_who_takes_part() -> None:
    def keys(scenario: str, *, everywhere: bool = False) -> set[str]:
        return {each.key for each in taking_part(SCENARIO[scenario], list(SYSTEMS), everywhere=everywhere)}

    assert keys("jpeg-cnn") == set(SYSTEMS)
    assert {"sightline", "fastapi-workers", "fastapi-batched"} <= keys("jpeg-resnet18") < set(SYSTEMS)
    assert keys("jpeg-resnet18", everywhere=True) == set(SYSTEMS)
    assert keys("tensor-cnn") == {"sightline"}


@pytest.mark.parametrize(
    "got",
    [
        (),
        EXPECTED[:4],
        (EXPECTED[1], EXPECTED[0], *EXPECTED[2:]),
        (("seven", 0.5002), *EXPECTED[1:]),
        (("eight", 0.5), *EXPECTED[1:]),
        (("seven", float("nan")), *EXPECTED[1:]),
    ],
    ids=["nothing", "four", "order", "score", "label", "nan"],
)
def test_mistakes_are_seen(got: Ranked) -> None:
    assert mistake(EXPECTED, got)


def test_rounding_is_no_mistake() -> None:
    assert mistake(EXPECTED, tuple((label, score + 0.00009) for label, score in EXPECTED)) is None


def test_five_best_scores_are_ranked() -> None:
    scores = np.array([0.1, 0.3, 0.05, 0.2, 0.25, 0.04, 0.06], np.float32)
    assert [label for label, _ in ranked(scores, list("abcdefg"))] == ["b", "e", "d", "a", "g"]


def test_answers_that_hang_on_rounding_are_refused() -> None:
    require_apart(0, EXPECTED)
    with pytest.raises(RuntimeError, match="picture 3"):
        require_apart(3, (*EXPECTED[:4], ("nine", EXPECTED[3][1])))

"""The backend explain in a real tritonserver: what it answers, and what it makes of requests that can't be answered."""

import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tritonclient.utils import InferenceServerException

from sightline_backend.explanation.explainer import explain_batch

from .explained_models import PIXELS, SIDE, SPECS, SQUARE_COLUMNS, SQUARE_ROWS, write_explaining_models
from .running_triton import Array, Triton, running_triton, texts
from .test_explanation import COLOURS, SQUARE, TRUTH, centre_of, noisy
from .triton_models import ON_CPU, parameters, tensor, write_model


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    repository = tmp_path_factory.mktemp("explaining")
    write_explaining_models(repository)
    with running_triton(repository) as triton:
        yield triton


def file_of(image: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def bright(seed: int = 0) -> bytes:
    return file_of(Image.fromarray(noisy(seed)))


def request(*files: bytes, class_id: int = 0) -> dict[str, Array]:
    return {"IMAGE": texts(*files), "CLASS_ID": np.full((len(files), 1), class_id, np.int32)}


EXIF_TURNED = Image.Exif()
EXIF_TURNED[0x0112] = 6
WIDE = Image.fromarray(np.random.default_rng(5).integers(0, 256, (60, 90, 3), dtype=np.uint8))
PICTURES = {
    "1x1": file_of(Image.new("RGB", (1, 1), (200, 10, 10))),
    "1x5000": file_of(Image.new("RGB", (1, 5000), (200, 10, 10))),
    "6000x4000": file_of(WIDE.resize((6000, 4000)), "JPEG"),
    "grey": file_of(WIDE.convert("L")),
    "CMYK": file_of(WIDE.convert("CMYK"), "JPEG"),
    "EXIF": file_of(WIDE, "JPEG", exif=EXIF_TURNED),
}


def test_the_configuration_is_completed(server: Triton) -> None:
    config = server.config("occlusion")
    listed = [[(each["name"], each["data_type"], each["dims"]) for each in config[key]] for key in ("input", "output")]
    assert listed == [
        [("IMAGE", "TYPE_STRING", ["1"]), ("CLASS_ID", "TYPE_INT32", ["1"])],
        [("HEATMAP", "TYPE_FP32", ["8", "8"]), ("CLASS_ID", "TYPE_INT32", ["1"]), ("SCORE", "TYPE_FP32", ["1"])],
    ]


@pytest.mark.parametrize("model", [name for name, spec in SPECS.items() if spec.network == "square"])
@pytest.mark.parametrize("name", PICTURES)
def test_the_service_answers_what_the_functions_answer(server: Triton, model: str, name: str) -> None:
    file = PICTURES[name]
    served = server.infer(model, request(file, class_id=-1))
    here = explain_batch([file], [-1], SPECS[model], SQUARE)
    assert {key: array.shape for key, array in served.items()} == {key: array.shape for key, array in here.items()}
    for key, array in here.items():
        np.testing.assert_allclose(served[key], array, atol=1e-4)


@pytest.mark.parametrize("model", ["cam", "attention"])
def test_the_network_s_own_map_is_served(server: Triton, model: str) -> None:
    files = [bright(1), bright(2)]
    served = server.infer(model, request(*files, class_id=1))
    here = explain_batch(files, [1, 1], SPECS[model], COLOURS)
    np.testing.assert_allclose(served["HEATMAP"], here["HEATMAP"], atol=1e-4)
    assert served["CLASS_ID"].tolist() == [[1], [1]]


@pytest.mark.parametrize("model", ["occlusion", "rise"])
def test_the_heat_is_where_the_network_looks(server: Triton, model: str) -> None:
    pixels = noisy() // 20
    (top, bottom), (left, right) = SQUARE_ROWS, SQUARE_COLUMNS
    pixels[top:bottom, left:right] = 250
    heat = server.infer(model, request(file_of(Image.fromarray(pixels))))["HEATMAP"][0]
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert (top <= 2 * y < bottom, left <= 2 * x < right) == (True, True)
    if model == "occlusion":
        assert centre_of(heat) == pytest.approx(TRUTH, abs=0.03)


def test_a_request_may_hold_several_pictures_and_classes(server: Triton) -> None:
    inputs = request(PICTURES["grey"], bright(), PICTURES["1x5000"]) | {
        "CLASS_ID": np.array([[1], [-1], [0]], np.int32)
    }
    together = server.infer("occlusion", inputs)
    for index in range(3):
        alone = server.infer("occlusion", {name: array[index : index + 1] for name, array in inputs.items()})
        for name, array in alone.items():
            np.testing.assert_allclose(together[name][index : index + 1], array, atol=1e-4)


BAD = [
    (request(b"hello"), "got a text file (5 bytes)"),
    (request(b""), "got nothing (0 bytes)"),
    (request(bright()[:60]), "got a PNG file that can't be decoded"),
    (request(bright(), class_id=2), "CLASS_ID: expected a class from 0 to 1, or -1 for the top class, got 2"),
    (request(bright(), class_id=-7), "CLASS_ID: expected a class from 0 to 1, or -1 for the top class, got -7"),
]


@pytest.mark.parametrize(("inputs", "named"), BAD)
def test_a_mistake_is_the_senders(server: Triton, inputs: dict[str, Array], named: str) -> None:
    with pytest.raises(InferenceServerException) as refused:
        server.infer("occlusion", inputs)
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert named in str(refused.value.message())
    assert "\n" not in str(refused.value.message())


def test_bad_requests_leave_their_batch_mates_alone(server: Triton) -> None:
    requests = [request(bright(1)), *(inputs for inputs, _ in BAD), request(bright(2))]
    before = server.executions("waiting")
    answers = server.infer_together("waiting", requests)
    assert server.executions("waiting") - before < len(requests)  # some shared a batch
    good, bad = [answers[0], answers[-1]], answers[1:-1]
    assert [type(answer) for answer in bad] == [InferenceServerException] * len(BAD)
    for answer, seed in zip(good, (1, 2), strict=True):
        assert isinstance(answer, dict)
        here = explain_batch([bright(seed)], [0], SPECS["occlusion"], SQUARE)
        np.testing.assert_allclose(answer["HEATMAP"], here["HEATMAP"], atol=1e-4)


def test_a_network_that_does_not_answer_is_not_the_senders_fault(server: Triton) -> None:
    with pytest.raises(InferenceServerException, match="expected an answer from the model 'waiting'") as refused:
        server.infer("alone", request(bright()))
    assert refused.value.status() == "StatusCode.INTERNAL"


def test_a_configuration_that_can_not_be_used_is_refused_when_it_is_loaded(server: Triton) -> None:
    good = SPECS["occlusion"].parameters()
    wrong_size = tensor("output", "HEATMAP", "TYPE_FP32", "[3, 3]")
    configs = {
        "unknown_method": (good | {"method": "magic"}, "", "method: expected one of occlusion, rise, cam, attention"),
        "no_network": ({key: good[key] for key in good if key != "network"}, "", "add network to config.pbtxt"),
        "odd_patch": (good | {"patch": "3"}, "", "patch: expected a whole multiple of the stride 2, got 3"),
        "wrong_map": (good, wrong_size, "expected 3 outputs, HEATMAP TYPE_FP32 [8, 8]"),
    }
    for name, (values, extra, _) in configs.items():
        write_model(server.repository, name, 'backend: "explain"\n' + parameters(**values) + extra + ON_CPU)
    said = server.load_failures(list(configs))
    for name, (_, _, message) in configs.items():
        assert message in said[name]


def test_a_heat_map_of_a_letterbox_covers_the_sent_picture(server: Triton) -> None:
    """The square is at the same place of the network's pixels, and so elsewhere in a wide picture."""
    spec = replace(SPECS["letterboxed"], pixels=replace(PIXELS, fit="letterbox"))
    wide = np.zeros((SIDE, 2 * SIDE, 3), np.uint8)
    wide[8:16, 8:16] = 255  # of 32x16, which lies in rows 4 to 11 of the network's pixels
    served = server.infer("letterboxed", request(file_of(Image.fromarray(wide))))
    here = explain_batch([file_of(Image.fromarray(wide))], [0], spec, SQUARE)
    np.testing.assert_allclose(served["HEATMAP"], here["HEATMAP"], atol=1e-4)
    y, x = centre_of(served["HEATMAP"][0])
    assert (y, x) == (pytest.approx(0.75, abs=0.1), pytest.approx(0.375, abs=0.07))

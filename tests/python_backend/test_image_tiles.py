"""The backend image_tiles in a real tritonserver: networks asked tile by tile, pictures of any size."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image
from tritonclient.utils import InferenceServerException

from .running_triton import Array, Triton, running_triton, texts
from .triton_models import BATCH, ON_CPU, graph, node, parameters, tensor, write_model

SIDE, HALO = 32, 6  # the network sees 5 pixels around each
NETWORK = (
    'backend: "onnxruntime"\nmax_batch_size: 4\n'
    + tensor("input", "PIXELS", "TYPE_UINT8", f"[{SIDE},{SIDE},3]")
    + tensor("output", "RESULT_PIXELS", "TYPE_UINT8", f"[{SIDE},{SIDE},3]")
    + ON_CPU
)


def blurring_network() -> bytes:
    """The mean of 11 x 11 pixels, zeros beyond the edges of the tile."""
    tile = (TensorProto.UINT8, (BATCH, SIDE, SIDE, 3))
    nodes = [
        node("Cast", ["PIXELS"], "x", to=TensorProto.FLOAT),
        node("Transpose", ["x"], "chw", perm=[0, 3, 1, 2]),
        node("Conv", ["chw", "KERNEL"], "mean", group=3, pads=[5, 5, 5, 5]),
        node("Round", ["mean"], "rounded"),
        node("Transpose", ["rounded"], "hwc", perm=[0, 2, 3, 1]),
        node("Cast", ["hwc"], "RESULT_PIXELS", to=TensorProto.UINT8),
    ]
    kernel = np.full((3, 1, 11, 11), 1 / 121, np.float32)
    return graph(nodes, {"PIXELS": tile}, {"RESULT_PIXELS": tile}, {"KERNEL": kernel}).SerializeToString()


def failing_network() -> bytes:
    """A graph that divides by nothing: it reshapes to a size that its tiles do not have."""
    tile = (TensorProto.UINT8, (BATCH, SIDE, SIDE, 3))
    return graph(
        [node("Reshape", ["PIXELS", "SHAPE"], "y"), node("Reshape", ["y", "BACK"], "RESULT_PIXELS")],
        {"PIXELS": tile},
        {"RESULT_PIXELS": tile},
        {"SHAPE": np.array([7, -1]), "BACK": np.array([-1, SIDE, SIDE, 3])},
    ).SerializeToString()


def tiles_config(network: str, **changed: str) -> str:
    named = {"network": network, "side": str(SIDE), "halo": str(HALO), "batch": "4"} | changed
    return 'backend: "image_tiles"\nmax_batch_size: 8\n' + parameters(**named) + ON_CPU


@pytest.fixture(scope="module")
def tiling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    repository = tmp_path_factory.mktemp("tiling")
    write_model(repository, "blur_network", NETWORK, blurring_network())
    write_model(repository, "failing_network", NETWORK, failing_network())
    write_model(repository, "blur", tiles_config("blur_network"))
    write_model(repository, "failing", tiles_config("failing_network"))
    write_model(repository, "astray", tiles_config("blur"))
    write_model(repository, "greedy", tiles_config("blur_network", batch="5"))
    waiting = "dynamic_batching { max_queue_delay_microseconds: 300000 }\n"
    write_model(repository, "waiting", tiles_config("blur_network") + waiting)
    with running_triton(repository) as triton:
        yield triton


def picture(size_wh: tuple[int, int]) -> Array:
    return np.random.default_rng(3).integers(0, 256, (size_wh[1], size_wh[0], 3), np.uint8)


def png(pixels: Array) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def whole(pixels: Array) -> Array:
    """The blur of the mirrored picture in one piece, by summed areas."""
    padded = np.pad(pixels, ((5, 5), (5, 5), (0, 0)), mode="reflect").astype(np.int64)
    sums = np.pad(padded.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0), (0, 0)))
    return (sums[11:, 11:] - sums[:-11, 11:] - sums[11:, :-11] + sums[:-11, :-11]) / 121


def opened(data: bytes) -> Array:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 5000), (20, 20), (21, 19), (37, 91), (333, 250)])
def test_a_served_picture_has_no_seams(tiling: Triton, size_wh: tuple[int, int]) -> None:
    pixels = picture(size_wh)
    result = tiling.infer("blur", {"IMAGE": texts(png(pixels))})["RESULT"]
    assert result.shape == (1, 1)
    assert np.abs(opened(result[0, 0]) - whole(pixels)).max() < 1


def test_pictures_of_one_request_may_differ_in_size(tiling: Triton) -> None:
    pictures = [picture((5, 70)), picture((90, 4))]
    results = tiling.infer("blur", {"IMAGE": texts(*(png(pixels) for pixels in pictures))})["RESULT"]
    assert [opened(result).shape for result in results[:, 0]] == [(70, 5, 3), (4, 90, 3)]


def test_a_bad_picture_is_the_senders_error_and_leaves_its_batch_mates_alone(tiling: Triton) -> None:
    files = [png(picture((30, 40))), b"hello", png(picture((40, 30)))]
    before = tiling.executions("waiting")
    answers = tiling.infer_together("waiting", [{"IMAGE": texts(file)} for file in files])
    assert tiling.executions("waiting") - before < len(files)
    assert isinstance(answers[1], InferenceServerException)
    assert answers[1].status() == "StatusCode.INVALID_ARGUMENT"
    assert "got a text file" in str(answers[1].message())
    for answer, shape in ((answers[0], (40, 30, 3)), (answers[2], (30, 40, 3))):
        assert isinstance(answer, dict)
        assert opened(answer["RESULT"][0, 0]).shape == shape


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("failing", "expected an answer from the model 'failing_network', got: "),
        ("astray", "expected an answer from the model 'blur', got: "),
        ("greedy", "expected an answer from the model 'blur_network', got: "),
    ],
)
def test_a_network_that_fails_is_the_servers_error(tiling: Triton, model: str, said: str) -> None:
    with pytest.raises(InferenceServerException) as failed:
        tiling.infer(model, {"IMAGE": texts(png(picture((200, 100))))})
    assert failed.value.status() == "StatusCode.INTERNAL"
    assert str(failed.value.message()).startswith(said)
    assert "\n" not in str(failed.value.message())
    small = tiling.infer("blur", {"IMAGE": texts(png(picture((3, 3))))})["RESULT"]
    assert opened(small[0, 0]).shape == (3, 3, 3)  # it still answers others


def test_a_configuration_of_backend_and_parameters_is_completed(tiling: Triton) -> None:
    config = tiling.config("blur")
    assert [(entry["name"], entry["data_type"], entry["dims"]) for entry in config["input"]] == [
        ("IMAGE", "TYPE_STRING", ["1"])
    ]
    assert [(entry["name"], entry["data_type"], entry["dims"]) for entry in config["output"]] == [
        ("RESULT", "TYPE_STRING", ["1"])
    ]


UNLOADABLE = {
    "no_network": (
        'backend: "image_tiles"\n' + parameters(side="32", halo="4"),
        "expected the parameters network, side and halo, got halo, side; add network to config.pbtxt",
    ),
    "no_core": (tiles_config("blur_network", halo="16"), "halo: expected a whole number from 0 to 15"),
}


def test_an_unusable_configuration_says_why(tiling: Triton) -> None:
    for name, (config, _) in UNLOADABLE.items():
        write_model(tiling.repository, name, config + ("" if "instance_group" in config else ON_CPU))
    failures = tiling.load_failures(list(UNLOADABLE))
    for name, (_, said) in UNLOADABLE.items():
        assert said in failures[name]

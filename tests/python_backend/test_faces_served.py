"""Faces inside a real tritonserver: the answers of the pure functions, and errors that reach their sender only."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tritonclient.utils import InferenceServerException

from sightline_backend.face_alignment import FaceAlignment, align_batch
from sightline_backend.faces import MAX_FACES, detect_batch
from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.faces import encoded, portraits
from sightline_server.errors import MachineError
from sightline_server.runtime import RUNTIME_VARIABLE, find_runtime

from .running_triton import Triton, running_triton, texts
from .triton_models import ON_CPU, WAITING, parameters, tensor, write_model

ALIGNED = PixelSpec(112, 112)
SIZE = parameters(width="112", height="112")
FACES = [file.content for file in portraits(4)]
NO_FACE = encoded(Image.linear_gradient("L").resize((90, 50)))
UNLOADABLE = {
    "align_otherwise": (
        'backend: "face_align"\n' + parameters(width="64", height="64", fallback="maybe"),
        "fallback: expected one of refuse, whole, got 'maybe'",
    ),
    "align_to_no_size": ('backend: "face_align"\n', "add width and height to config.pbtxt"),
    "detect_few": (
        'backend: "face_cascade"\nmax_batch_size: 4\n' + tensor("output", "num_detections", "TYPE_INT32", "[1]"),
        "expected 4 outputs, num_detections TYPE_INT32 [1] and detection_boxes TYPE_FP32 [64, 4]",
    ),
}


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    repository = tmp_path_factory.mktemp("faces")
    write_model(repository, "face_detector", 'backend: "face_cascade"\n' + ON_CPU)
    full = tensor("input", "IMAGE", "TYPE_STRING", "[1]") + tensor("output", "PIXELS", "TYPE_UINT8", "[112,112,3]")
    write_model(repository, "aligned", 'backend: "face_align"\nmax_batch_size: 16\n' + SIZE + full + WAITING + ON_CPU)
    whole = parameters(fallback="whole")
    write_model(repository, "aligned_or_whole", 'backend: "face_align"\n' + SIZE + whole + ON_CPU)
    with running_triton(repository) as triton:
        yield triton


def test_the_detector_keeps_the_contract_of_object_detection(faces: Triton) -> None:
    config = faces.config("face_detector")
    assert [(entry["name"], entry["data_type"], entry["dims"]) for entry in config["output"]] == [
        ("num_detections", "TYPE_INT32", ["1"]),
        ("detection_boxes", "TYPE_FP32", [str(MAX_FACES), "4"]),
        ("detection_scores", "TYPE_FP32", [str(MAX_FACES)]),
        ("detection_classes", "TYPE_INT32", [str(MAX_FACES)]),
    ]
    assert config["max_batch_size"] == 32


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_server_finds_the_faces_that_the_function_finds(faces: Triton, count: int) -> None:
    files = [*FACES, NO_FACE][-count:]
    answer = faces.infer("face_detector", {"IMAGE": texts(*files)})
    for name, array in detect_batch(files).items():
        assert answer[name].dtype == array.dtype
        assert np.array_equal(answer[name], array), name


def test_the_server_aligns_as_training_does(faces: Triton) -> None:
    for model, alignment, files in (
        ("aligned", FaceAlignment(ALIGNED), FACES),
        ("aligned_or_whole", FaceAlignment(ALIGNED, "whole"), [*FACES, NO_FACE]),
    ):
        pixels = faces.infer(model, {"IMAGE": texts(*files)})["PIXELS"]
        assert np.array_equal(pixels, align_batch(files, alignment))


def test_a_picture_without_a_face_leaves_its_batch_mates_alone(faces: Triton) -> None:
    files = [FACES[0], NO_FACE, FACES[1], b"hello", FACES[2]]
    before = faces.executions("aligned")
    answers = faces.infer_together("aligned", [{"IMAGE": texts(file)} for file in files])
    assert faces.executions("aligned") - before < len(files)
    for file, answer in zip(files, answers, strict=True):
        if file in (NO_FACE, b"hello"):
            assert isinstance(answer, InferenceServerException)
            assert answer.status() == "StatusCode.INVALID_ARGUMENT"
            said = "a picture with a face, found none" if file == NO_FACE else "a JPEG, PNG"
            assert str(answer.message()).startswith(f"expected {said}")
        else:
            assert isinstance(answer, dict)
            assert np.array_equal(answer["PIXELS"], align_batch([file], FaceAlignment(ALIGNED)))


def test_an_unusable_configuration_says_why(faces: Triton) -> None:
    for name, (config, _) in UNLOADABLE.items():
        write_model(faces.repository, name, config + ON_CPU)
    said = faces.load_failures(list(UNLOADABLE))
    for name, (_, message) in UNLOADABLE.items():
        assert message in said[name]


def runtime_without_opencv(folder: Path) -> Path:
    """The runtime environment of this machine, with links to all of its packages but one."""
    runtime = find_runtime().python
    assert runtime is not None
    environment = runtime.executable.parents[1]
    packages = Path("lib") / f"python{runtime.minor}" / "site-packages"
    (folder / packages).mkdir(parents=True)
    (folder / "bin").mkdir()
    for entry in (*environment.glob("bin/python*"), environment / "pyvenv.cfg", *(environment / packages).iterdir()):
        if not entry.name.startswith(("cv2", "opencv")):
            (folder / entry.relative_to(environment)).symlink_to(entry.resolve())
    return folder


def test_a_server_without_opencv_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    write_model(repository, "encode", 'backend: "image_encode"\n' + ON_CPU)
    monkeypatch.setenv(RUNTIME_VARIABLE, str(runtime_without_opencv(tmp_path / "runtime")))
    with running_triton(repository) as triton:
        write_model(repository, "face_detector", 'backend: "face_cascade"\n' + ON_CPU)
        write_model(repository, "aligned", 'backend: "face_align"\n' + SIZE + ON_CPU)
        for message in triton.load_failures(["face_detector", "aligned"]).values():
            assert "expected opencv-python-headless beside sightline-backend, got none" in message
            assert "sightline install-runtime" in message
    with (
        pytest.raises(MachineError, match=r"opencv-python-headless: expected it for .*run `sightline install-runtime`"),
        running_triton(repository),
    ):
        pass

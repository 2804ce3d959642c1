"""Small model repositories, written for one test each."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from serving import Service, launch, stop

LENGTH_MODEL = '''
import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """The number of bytes of each text."""

    def execute(self, requests):
        responses = []
        for request in requests:
            texts = pb_utils.get_input_tensor_by_name(request, "TEXT").as_numpy()
            lengths = np.array([[len(text) for text in row] for row in texts], dtype=np.int64)
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("LENGTH", lengths)]))
        return responses
'''

LENGTH_CONFIG = """
backend: "python"
max_batch_size: 8
input { name: "TEXT" data_type: TYPE_STRING dims: 1 }
output { name: "LENGTH" data_type: TYPE_INT64 dims: 1 }
instance_group { kind: KIND_CPU count: 1 }
"""

ENSEMBLE_CONFIG = """
platform: "ensemble"
max_batch_size: 8
input { name: "TEXT" data_type: TYPE_STRING dims: 1 }
output { name: "LENGTH" data_type: TYPE_INT64 dims: 1 }
ensemble_scheduling {
  step {
    model_name: "%s"
    model_version: -1
    input_map { key: "TEXT" value: "TEXT" }
    output_map { key: "LENGTH" value: "LENGTH" }
  }
}
parameters { key: "task" value { string_value: "text-length" } }
"""

NETWORK_MODEL = '''
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Pixels as they are."""

    def execute(self, requests):
        pixels = [pb_utils.get_input_tensor_by_name(request, "PIXELS").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("RESULT_PIXELS", each)]) for each in pixels]
'''

NETWORK_CONFIG = """
backend: "python"
max_batch_size: 8
input { name: "PIXELS" data_type: TYPE_UINT8 dims: [ 32, 32, 3 ] }
output { name: "RESULT_PIXELS" data_type: TYPE_UINT8 dims: [ 32, 32, 3 ] }
instance_group { kind: KIND_CPU count: 1 }
"""

TILES_CONFIG = """
backend: "image_tiles"
max_batch_size: 8
input { name: "IMAGE" data_type: TYPE_STRING dims: 1 }
output { name: "RESULT" data_type: TYPE_STRING dims: 1 }
instance_group { kind: KIND_CPU count: 1 }
parameters { key: "network" value { string_value: "same_network" } }
parameters { key: "side" value { string_value: "32" } }
parameters { key: "halo" value { string_value: "4" } }
"""

COPY_CONFIG = """
platform: "ensemble"
max_batch_size: 8
input { name: "IMAGE" data_type: TYPE_STRING dims: 1 }
output { name: "RESULT" data_type: TYPE_STRING dims: 1 }
ensemble_scheduling {
  step {
    model_name: "same_tiles"
    model_version: -1
    input_map { key: "IMAGE" value: "IMAGE" }
    output_map { key: "RESULT" value: "RESULT" }
  }
}
"""


def write_model(repository: Path, name: str, config: str, files: Mapping[str, str] | None = None) -> Path:
    """Writes `<name>/config.pbtxt` and the files, whose names are relative to the folder of the model."""
    folder = repository / name
    folder.mkdir(parents=True)
    if config:
        (folder / "config.pbtxt").write_text(config)
    for file, text in (files or {}).items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def write_golden(folder: Path, length: int, version: int = 1) -> None:
    """A golden answer of a length model: the length of `text.txt`, said to be `length`."""
    golden = folder / str(version) / "golden"
    golden.mkdir(parents=True)
    (golden / "text.txt").write_text("five!")
    case = {
        "name": "five",
        "inputs": {"TEXT": {"datatype": "BYTES", "shape": [1], "file": "text.txt"}},
        "outputs": {"LENGTH": {"datatype": "INT64", "shape": [1], "values": [length]}},
    }
    content = {"model": folder.name, "version": version, "task": "text-length", "cases": [case]}
    (golden / "golden.json").write_text(json.dumps(content))


def write_length_repository(repository: Path, golden_length: int = 5) -> Path:
    """An ensemble `length` with a golden answer over its only step `length_step`."""
    write_model(repository, "length_step", LENGTH_CONFIG, {"1/model.py": LENGTH_MODEL})
    write_golden(write_model(repository, "length", ENSEMBLE_CONFIG % "length_step"), golden_length)
    return repository


@pytest.fixture
def asking_repository(tmp_path: Path) -> Path:
    """An ensemble `copy`, whose step `same_tiles` asks `same_network`; beside it `length`."""
    repository = write_length_repository(tmp_path / "repository")
    write_model(repository, "same_network", NETWORK_CONFIG, {"1/model.py": NETWORK_MODEL})
    (write_model(repository, "same_tiles", TILES_CONFIG) / "1").mkdir()
    (write_model(repository, "copy", COPY_CONFIG) / "1").mkdir()
    return repository


@pytest.fixture
def start() -> Iterator[Callable[..., Service]]:
    """`start(repository, *options)`: a service of one test's own, to be hurt; ended whatever becomes of the test."""
    started: list[Service] = []

    def launch_one(repository: Path, *options: str) -> Service:
        started.append(launch(repository, *options))
        return started[-1]

    yield launch_one
    for service in started:
        stop(service)
        shutil.rmtree(service.directory)


@pytest.fixture(name="write_model")
def write_model_fixture() -> Callable[..., Path]:
    """`write_model(repository, name, config, {file: text})` writes one model and returns its folder."""
    return write_model


@pytest.fixture
def length_repository(tmp_path: Path) -> Path:
    return write_length_repository(tmp_path / "repository")


@pytest.fixture
def wrong_golden_repository(tmp_path: Path) -> Path:
    """The same, with a golden answer that the model does not give."""
    return write_length_repository(tmp_path / "repository", golden_length=6)


@pytest.fixture(scope="module")
def shared_length_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_length_repository(tmp_path_factory.mktemp("shared") / "repository")

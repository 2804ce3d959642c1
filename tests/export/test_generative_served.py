"""The generative models, exported with random weights and served together: the same answers as in this process."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
import tritonclient.grpc as triton
import tritonclient.utils as tritonutils
from numpy.typing import NDArray
from PIL import Image
from serving import Serve
from tritonclient.utils import InferenceServerException

from sightline_backend.noise import class_of
from sightline_backend.steps import files_array
from sightline_export.exporter import export_recipe, published_model
from sightline_export.recipe import Evaluation, Recipe, find
from sightline_export.release import Setting
from sightline_export.repository.golden import stack
from sightline_export.repository.published import read_published
from sightline_export.training.progress import Epoch
from sightline_export.verification.parity import max_abs_difference

RECIPES = ("gan", "mlp_gan", "vae")
_datatype: Any = cast("Any", tritonutils).np_to_triton_dtype
MODELS = ("gan", "mlp_gan", "vae", "vae_reconstruct", "vae_interpolate")


def picture(level: int, size_wh: tuple[int, int], mode: str = "L") -> bytes:
    file = BytesIO()
    Image.new(mode, size_wh, level if mode == "L" else (level,) * len(mode)).save(file, "PNG")
    return file.getvalue()


def untrained(name: str) -> Recipe:
    """The recipe with random weights, held to nothing."""
    recipe = find(name)
    assert isinstance(recipe, Recipe)

    def train(network: torch.nn.Module, checkpoint: Path) -> Iterator[Epoch]:
        network.eval()
        yield from ()

    companions = tuple(replace(companion, evaluate=None, sheet=None) for companion in recipe.companions)
    return replace(recipe, train=train, evaluate=None, sheet=None, requires=(), companions=companions)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generative")
    for name in RECIPES:
        list(export_recipe(untrained(name), Setting(folder / "model_repository", 1, serve=False), folder))
    return folder / "model_repository"


@pytest.fixture(scope="module")
def client(repository: Path, serve: Serve) -> Iterator[Any]:
    client: Any = triton.InferenceServerClient(serve(repository).grpc_url.removeprefix("grpc://"))
    with closing(client):
        yield client


def asked(client: Any, model: str, inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
    tensors: list[Any] = []
    for name, array in inputs.items():
        tensor: Any = triton.InferInput(name, list(array.shape), _datatype(array.dtype))
        tensor.set_data_from_numpy(array)
        tensors.append(tensor)
    return client.infer(model, tensors).as_numpy("RESULT")


pytestmark = pytest.mark.filterwarnings("ignore:# The axis name")  # of graphs with several inputs, while tracing


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("batch", [1, 2, 3, 32])
def test_the_service_answers_as_this_process_does(client: Any, repository: Path, model: str, batch: int) -> None:
    recipe = next(part for name in RECIPES for part in untrained(name).parts if part.name == model)
    inputs = {name: array[:batch] for name, array in stack(recipe.spec.task.requests(recipe.spec, 32)).items()}
    served = asked(client, model, inputs)
    assert served.shape == (batch, 1)
    assert max_abs_difference(published_model(repository, model)(inputs)["RESULT"], served) <= 1


def test_a_seed_without_a_class_gets_the_picture_of_the_class_drawn_from_it(client: Any) -> None:
    seeds = np.arange(4)[:, None]
    drawn = np.array([[class_of(seed, 10)] for seed in range(4)], np.int32)
    alone = asked(client, "gan", {"SEED": seeds})
    assert asked(client, "gan", {"SEED": seeds, "CLASS_ID": drawn}).tolist() == alone.tolist()
    assert asked(client, "gan", {"SEED": seeds, "CLASS_ID": (drawn + 1) % 10}).tolist() != alone.tolist()


def test_a_class_that_is_not_there_is_the_senders_error(client: Any) -> None:
    with pytest.raises(InferenceServerException, match="CLASS_ID: expected a class from 0 to 9, or -1") as refused:
        asked(client, "gan", {"SEED": np.array([[1]]), "CLASS_ID": np.array([[10]], np.int32)})
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"


@pytest.mark.parametrize("model", ["vae_reconstruct", "vae_interpolate"])
def test_pictures_of_any_size_and_mode_become_28_by_28(client: Any, model: str) -> None:
    files = [picture(90, (1, 1)), picture(10, (1, 5000)), picture(200, (300, 2), "RGBA"), picture(3, (60, 40), "RGB")]
    inputs: dict[str, NDArray[Any]] = {"IMAGE": files_array(files)}
    if model == "vae_interpolate":
        inputs |= {"OTHER": files_array(files[::-1]), "FRACTION": np.full((4, 1), 0.3, np.float32)}
    answers = asked(client, model, inputs)
    assert [Image.open(BytesIO(file)).size for file in answers.ravel()] == [(28, 28)] * 4


def test_the_ends_of_an_interpolation_are_the_reconstructions(client: Any) -> None:
    one, other = (files_array([picture(level, (8, 8))]) for level in (40, 220))
    for fraction, wanted in ((0.0, one), (1.0, other)):
        inputs = {"IMAGE": one, "OTHER": other, "FRACTION": np.array([[fraction]], np.float32)}
        difference = max_abs_difference(
            asked(client, "vae_interpolate", inputs), asked(client, "vae_reconstruct", {"IMAGE": wanted})
        )
        assert difference <= 1


@pytest.mark.parametrize("name", ["IMAGE", "OTHER"])
def test_a_file_that_is_no_picture_is_the_senders_error(client: Any, name: str) -> None:
    good, bad = files_array([picture(40, (8, 8))]), files_array([b"hello"])
    inputs = {"IMAGE": good, "OTHER": good, "FRACTION": np.array([[0.5]], np.float32)} | {name: bad}
    with pytest.raises(InferenceServerException, match=f"{name}: expected a JPEG, PNG") as refused:
        asked(client, "vae_interpolate", inputs)
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"


def test_many_bad_pairs_leave_the_server_answering(client: Any) -> None:
    good, bad = files_array([picture(40, (8, 8))]), files_array([b"hello"])
    fraction = np.array([[0.5]], np.float32)
    for _ in range(50):
        with pytest.raises(InferenceServerException, match="IMAGE: expected a JPEG, PNG"):
            asked(client, "vae_interpolate", {"IMAGE": bad, "OTHER": good, "FRACTION": fraction})
    assert asked(client, "vae_interpolate", {"IMAGE": good, "OTHER": good, "FRACTION": fraction}).shape == (1, 1)


def test_every_ensemble_begins_with_one_step() -> None:
    for part in (part for name in RECIPES for part in _parts(name)):
        inputs = {tensor.name for tensor in part.spec.task.ensemble_signature(part.spec).inputs}
        _, wiring = part.spec.task.steps(part.spec, "network")
        ready = [step.model for step in wiring if set(step.inputs.values()) <= inputs]
        assert len(ready) == 1, f"{part.name}: {ready} are ready at once, which Triton 2.51 may not survive"


def test_the_configuration_marks_the_class_as_optional_and_names_the_classes(repository: Path) -> None:
    config = (repository / "gan" / "config.pbtxt").read_text()
    step = (repository / "noise_normal_100_classes_10" / "config.pbtxt").read_text()
    assert config.count("optional: true") == 1
    assert step.count("optional: true") == 1
    assert '[\\"0\\", \\"1\\"' in config


@pytest.mark.parametrize("name", MODELS)
def test_contact_sheets_are_drawn_from_answers_and_fit_a_page(repository: Path, name: str) -> None:
    (part,) = [p for recipe in RECIPES for p in _parts(recipe) if p.name == name]
    assert part.sheet is not None
    sheet = part.sheet(Evaluation(published_model(repository, name), {}))
    assert 400 <= sheet.width <= 1000
    assert 200 <= sheet.height <= 1000
    assert read_published(repository, name).name == name


def _parts(name: str) -> tuple[Any, ...]:
    recipe = find(name)
    assert isinstance(recipe, Recipe)
    return recipe.parts

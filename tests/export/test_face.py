"""Faces the whole way: found, turned upright, embedded and compared, in this process and through a real server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from serving import Serve
from torch import Tensor, nn

from sightline_backend.face_alignment import FaceAlignment, align_batch
from sightline_backend.faces import MAX_FACES
from sightline_backend.pixels import PixelSpec
from sightline_backend.steps import files_array
from sightline_export.cli.export import export
from sightline_export.datasets.digits import LABELS, load_digits
from sightline_export.datasets.face_takes import TAKES, held_out_takes
from sightline_export.datasets.faces import encoded, portrait, portraits, small_faces
from sightline_export.errors import SourceUnusable, VerificationFailed
from sightline_export.exporter import export_recipe
from sightline_export.measures.figures import Measurement
from sightline_export.measures.retrieval import cosines
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import Evaluation, Operation, Recipe, find, find_recipe
from sightline_export.recipes.face import ALIGNMENT
from sightline_export.release import Setting
from sightline_export.sources import Choices, load
from sightline_export.tasks.face_embedding import FaceEmbedding
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.face_views import face_view
from sightline_export.training.margin import MarginSettings, train_margin
from sightline_export.training.progress import Epoch
from sightline_export.verification.parity import Runtime, chunked
from sightline_export.verification.service import connected

BATCH = 4
NO_FACE = encoded(Image.linear_gradient("L"))


def quickly(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
    """A few seconds of training on the faces alone."""
    pixels = np.repeat(align_batch(small_faces().train, ALIGNMENT), 4, axis=0)
    persons = np.repeat(np.arange(len(small_faces().train)), 4)
    settings = MarginSettings(epochs=8, batch_size=35, learning_rate=5e-3, margin=0.1)
    return train_margin(network, pixels, persons, _view, settings, checkpoint)


def _view(pictures: Tensor, _: Tensor, generator: torch.Generator) -> Tensor:
    return face_view(pictures, generator)


def nothing_measured(_: Evaluation) -> Measurement:
    return Measurement(())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickly trained `face` and an ArcFace-like file of somebody else's, exported with a real server."""
    folder = tmp_path_factory.mktemp("faces")
    recipe = find_recipe("face")
    assert isinstance(recipe, Recipe)
    spec = replace(recipe.spec, max_batch_size=BATCH)
    quick = replace(recipe, spec=spec, train=quickly, evaluate=nothing_measured, sheet=None)
    torch.manual_seed(0)
    list(export_recipe(quick, Setting(folder / "repository", 1, folder / "reproducers"), folder))
    arguments = [str(arcface(folder / "arcface.onnx")), "--faces", "--repository", str(folder / "repository")]
    result = CliRunner().invoke(export, [*arguments, "--max-batch-size", str(BATCH)])
    assert result.exit_code == 0, result.output
    return folder / "repository"


@pytest.fixture(scope="module")
def embed(repository: Path, serve: Serve) -> Iterator[Any]:
    """`embed(model, files)`: through the real server."""
    with connected(serve(repository).grpc_url) as service:

        def ask(model: str, files: list[bytes]) -> NDArray[np.float32]:
            runtime = chunked(service.runtime(model, embedding_outputs()), BATCH)
            return runtime({"IMAGE": files_array(files)})["EMBEDDING"].astype(np.float32)

        yield ask


def embedding_outputs() -> Any:
    recipe = find_recipe("face")
    assert isinstance(recipe, Recipe)
    return recipe.spec.task.ensemble_signature(recipe.spec).outputs


def arcface(path: Path) -> Path:
    """A graph like w600k_r50.onnx: pictures (N, 3, 112, 112) around zero to vectors (N, 512) of any length."""
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(8, 3, 7, 7)).astype(np.float32) / 12
    matrix = rng.normal(size=(8 * 4 * 4, 512)).astype(np.float32) / 8
    nodes = [
        helper.make_node("Conv", ["input.1", "k"], ["a"], strides=[7, 7]),
        helper.make_node("PRelu", ["a", "slope"], ["b"]),
        helper.make_node("AveragePool", ["b"], ["c"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Flatten", ["c"], ["d"], axis=1),
        helper.make_node("MatMul", ["d", "m"], ["683"]),
    ]
    weights = {"k": kernel, "m": matrix, "slope": np.full((8, 1, 1), 0.25, np.float32)}
    graph = helper.make_graph(
        nodes,
        "arcface",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, ["None", 3, 112, 112])],
        [helper.make_tensor_value_info("683", TensorProto.FLOAT, ["None", 512])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6), path)
    return path


def test_the_same_person_is_more_similar_than_any_other(embed: Any) -> None:
    takes = [encoded(take(portrait())) for take in TAKES.values()]
    others = list(small_faces().held_out)
    vectors: NDArray[np.float32] = np.concatenate([embed("face", takes), embed("face", others)])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    similar = cosines(vectors)
    same, other = similar[: len(takes), : len(takes)], similar[: len(takes), len(takes) :]
    assert same.min() > other.max()


def test_a_picture_without_a_face_is_embedded_whole_by_the_recipe(embed: Any) -> None:
    digits = list(load_digits()[1].pictures[:3])
    vectors = embed("face", [NO_FACE, *digits, encoded(Image.new("L", (1, 1)))])
    assert vectors.shape == (5, 64)
    assert np.isfinite(vectors).all()


def test_a_network_that_was_brought_gets_faces_as_arcface_wants_them(embed: Any, tmp_path: Path) -> None:
    files = [file.content for file in portraits(4)]
    pixels = align_batch(files, FaceAlignment(PixelSpec(112, 112)))
    session = onnxruntime.InferenceSession(arcface(tmp_path / "again.onnx"), providers=["CPUExecutionProvider"])
    x = np.transpose((pixels.astype(np.float32) - 127.5) / 127.5, (0, 3, 1, 2))
    raw: NDArray[np.float32] = np.asarray(session.run(None, {"input.1": x})[0], np.float32)
    wanted = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    assert np.abs(embed("arcface", files) - wanted).max() < 1e-4


def test_a_network_that_was_brought_refuses_a_picture_without_a_face(embed: Any, repository: Path) -> None:
    with pytest.raises(VerificationFailed, match="expected a picture with a face, found none; send one in which"):
        embed("arcface", [NO_FACE])
    assert "refuses a picture without one" in (repository / "arcface" / "README.md").read_text()
    steps = {folder.name for folder in repository.iterdir() if folder.name.startswith("faces_")}
    assert steps == {"faces_gray_64x64_squash_or_whole", "faces_rgb_112x112_squash"}


def test_faces_is_a_choice_for_networks_of_vectors(tmp_path: Path) -> None:
    path = arcface(tmp_path / "arcface.onnx")
    spec = load(str(path), Choices(faces=True)).spec
    assert spec.task == FaceEmbedding(512)
    assert spec.normalisation == PLUS_MINUS_ONE
    assert (spec.pixels.width, spec.pixels.height) == (112, 112)
    assert load(str(path), Choices(faces=True, mean=(0.0,), scale=1.0)).spec.normalisation.scale == 1.0
    for wrong, message in (
        ({"task": "image-classification"}, "expected either --faces or --task image-classification, got both"),
        ({"labels": ("a", "b")}, "expected no --labels for a model that gives a vector"),
    ):
        with pytest.raises(SourceUnusable, match=message):
            Choices(faces=True, **wrong)  # pyright: ignore[reportArgumentType]


def test_the_recipes_figures_and_sheet_come_of_any_model_that_answers() -> None:
    """A model that knows every picture: nothing is told wrong."""
    known: dict[bytes, int] = {}
    digits, takes = load_digits()[1], held_out_takes()
    known |= dict(zip(digits.pictures, digits.labels.tolist(), strict=True))
    known |= {file: len(LABELS) + person for file, person in zip(takes.files, takes.persons.tolist(), strict=True)}

    def oracle(inputs: Any) -> Any:
        return {"EMBEDDING": np.eye(60, dtype=np.float32)[[known.get(file, 59) for file in inputs["IMAGE"][:, 0]]]}

    recipe = find_recipe("face")
    assert isinstance(recipe, Recipe)
    assert recipe.evaluate is not None
    measured = recipe.evaluate(Evaluation(oracle, {}))
    shares = {figure.name: figure for figure in measured.figures if "told right" in figure.name}
    assert [figure.value for figure in shares.values()] == [1.0, 1.0]
    assert list(measured.per_class) == list(LABELS)
    assert all(row["another taken for the same"] == 0 for row in measured.per_class.values())
    assert recipe.sheet is not None
    sheet = recipe.sheet(Evaluation(oracle, {}))
    assert max(sheet.size) <= 1000


def test_the_detector_reaches_its_floors_in_process() -> None:
    operation = find("face_detector")
    assert isinstance(operation, Operation)
    model: Runtime = operation.model.in_process({})
    assert operation.evaluate is not None
    measured = operation.evaluate(Evaluation(model, {}))
    assert all(figure.holds for figure in measured.figures)
    assert {tensor.name: tensor.shape for tensor in operation.model.signature.outputs} == {
        "num_detections": (1,),
        "detection_boxes": (MAX_FACES, 4),
        "detection_scores": (MAX_FACES,),
        "detection_classes": (MAX_FACES,),
    }

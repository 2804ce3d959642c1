"""Which pictures a served model is measured on: never those that it was trained on, never with another's labels."""

from pathlib import Path

import numpy as np
import pytest
from export.test_coco import answer_with, beside, official
from export.test_labelled import cifar10_files, mnist_files, png, write

from sightline_export.datasets.labelled import labelled
from sightline_export.errors import SourceUnusable
from sightline_export.evaluation import Told, find_evaluation
from sightline_export.measures.figures import Measurement
from sightline_export.recipe import Operation, recipes
from sightline_export.verification.parity import Arrays, Runtime

CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
PETS = ("cat", "dog")


def pets(folder: Path) -> Path:
    return write(folder, {f"{name}/{n}.png": png(n + 100 * k) for k, name in enumerate(PETS) for n in range(20)})


def classifier(*labels: str, trained_on_part: bool = False) -> Told:
    return Told("image-classification", labels, trained_on_part)


def figures_of(name: str, model: Runtime, told: Told, data: Path | None) -> Measurement:
    evaluation = find_evaluation(name)
    return evaluation.figures(dict.fromkeys(evaluation.asks, model), told, data)


def by_heart(folder: Path) -> Runtime:
    """A model of cats and dogs that knows its training pictures by heart, and is wrong about all others."""
    train = labelled(folder).train
    learnt = {train.file(index).content: int(label) for index, label in enumerate(train.labels)}
    truth = {file.read_bytes(): PETS.index(file.parent.name) for file in folder.glob("*/*.png")}

    def answer(inputs: Arrays) -> Arrays:
        files = inputs["IMAGE"][:, 0].tolist()
        return {"SCORES": np.eye(2, dtype=np.float32)[[learnt.get(file, 1 - truth[file]) for file in files]]}

    return answer


def always_first(inputs: Arrays) -> Arrays:
    return {"SCORES": np.repeat(np.eye(10, dtype=np.float32)[:1], len(inputs["IMAGE"]), axis=0)}


@pytest.mark.parametrize("name", ["lenet", "resnet18_pets"])
def test_what_was_trained_on_a_part_of_a_folder_is_measured_on_the_other_part(name: str, tmp_path: Path) -> None:
    folder = pets(tmp_path / "pets")
    told = classifier(*PETS, trained_on_part=True)
    measured = figures_of(name, by_heart(folder), told, folder)
    values = {figure.name: figure.value for figure in measured.figures}
    assert values["held-out accuracy"] == 0
    assert values["pictures in the held-out part of pets"] == len(labelled(folder).held_out)


def test_an_import_is_measured_on_all_pictures_of_a_folder(tmp_path: Path) -> None:
    folder = pets(tmp_path / "pets")
    measured = figures_of("resnet18", by_heart(folder), classifier(*PETS), folder)
    assert measured.figures[-1].value == 40


@pytest.mark.parametrize(
    ("files", "labels", "rows"),
    [
        (cifar10_files(), CIFAR, {"cat": 1, "ship": 1}),
        (mnist_files(".gz"), tuple("0123456789"), {"0": 1, "1": 1, "8": 1, "9": 1}),
        ({"train/a/1.png": png(1), "train/b/1.png": png(2), "val/b/2.png": png(3)}, tuple("abcdefghij"), {"b": 1}),
    ],
    ids=["CIFAR-10", "MNIST", "train and val"],
)
def test_of_data_that_comes_in_halves_an_import_is_measured_on_the_held_out_one(
    files: dict[str, bytes], labels: tuple[str, ...], rows: dict[str, int], tmp_path: Path
) -> None:
    measured = figures_of("resnet18", always_first, classifier(*labels), write(tmp_path, files))
    assert {row: columns["pictures"] for row, columns in measured.per_class.items()} == rows


def test_classes_are_known_by_their_names_in_the_order_of_the_model(tmp_path: Path) -> None:
    folder = pets(tmp_path / "pets")
    measured = figures_of(
        "any", lambda inputs: {"SCORES": by_heart(folder)(inputs)["SCORES"][:, ::-1]}, classifier("dog", "cat"), folder
    )
    straight = figures_of("any", by_heart(folder), classifier(*PETS), folder)
    assert measured.figures[0] == straight.figures[0]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lenet", classifier(*CIFAR)),
        ("lenet", classifier(*"0123456789", trained_on_part=True)),
        ("detector", Told("object-detection", PETS, True)),
    ],
    ids=["other classes", "the same classes", "a detector"],
)
def test_a_recipes_model_of_other_data_is_not_measured_on_the_recipes_own(name: str, told: Told) -> None:
    with pytest.raises(SourceUnusable, match=rf"expected {name} as its recipe trains it, .*with --data FOLDER"):
        figures_of(name, always_first, told, None)


@pytest.mark.parametrize("name", ["detector", "detector_pets"])
def test_a_detector_is_measured_on_a_coco_folder_with_its_own_labels_whatever_its_name(
    name: str, tmp_path: Path
) -> None:
    told = Told("object-detection", PETS, True)
    measured = figures_of(name, answer_with(4), told, official(tmp_path / "data"))
    assert measured.per_class["cat"]["AP at IoU 0.5"] == 1
    assert set(measured.per_class) == {"cat", "dog"}
    with pytest.raises(SourceUnusable, match=r"expected categories of the model \(horse, …\) in .*, got cat, dog"):
        figures_of(name, answer_with(4), Told("object-detection", ("horse",), True), beside(tmp_path / "other"))


@pytest.mark.parametrize("name", ["gan", "mlp_gan", "vae", "vae_reconstruct", "vae_interpolate", "face", "matching"])
def test_data_that_a_recipe_has_no_use_for_is_refused_instead_of_ignored(name: str, tmp_path: Path) -> None:
    part = find_evaluation(name).part
    assert part is not None
    told = Told("image-to-image", part.labels, trained_on_part=False)
    with pytest.raises(SourceUnusable, match=rf"pictures of yours can measure, got {name}, .*; leave --data out"):
        figures_of(name, always_first, told, tmp_path)


def test_the_face_detector_is_measured_as_every_detector_is(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match=r"expected categories of the model \(face, …\)"):
        figures_of(
            "face_detector", answer_with(64), Told("object-detection", ("face",), False), official(tmp_path / "data")
        )


def test_what_takes_data_is_refused_none_and_reads_it(tmp_path: Path) -> None:
    """An empty folder is no data: whoever reads it says so."""
    parts = [
        part
        for exportable in recipes().values()
        for part in ((exportable,) if isinstance(exportable, Operation) else exportable.parts)
        if part.takes_data
    ]
    assert [part.name for part in parts] == ["segmenter", "style_transfer", "denoiser", "super_resolution"]
    for part in parts:
        with pytest.raises(SourceUnusable, match=str(tmp_path)):
            figures_of(part.name, always_first, Told("image-to-image", part.labels, False), tmp_path)

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sightline_server.arrangement import default_config_name
from sightline_server.errors import ModelNotBuiltError, NotARepositoryError, UnknownModelError
from sightline_server.repository import Model, read_repository
from sightline_server.selection import select

WriteModel = Callable[..., Path]


def model(
    name: str,
    *,
    steps: tuple[str, ...] = (),
    asks: tuple[str, ...] = (),
    absorbs: tuple[str, ...] = (),
    versions: tuple[int, ...] = (1,),
) -> Model:
    return Model(
        name=name,
        path=Path(name),
        backend="" if steps else "python",
        is_ensemble=bool(steps),
        steps=steps,
        versions=versions,
        task=None,
        inputs=("X",),
        outputs=("Y",),
        instance_count=1,
        asks=asks,
        absorbs=absorbs,
    )


def repository(*models: Model) -> dict[str, Model]:
    return {model.name: model for model in models}


SHARED = repository(
    model("pixels"),
    model("cnn_network"),
    model("cnn", steps=("pixels", "cnn_network")),
    model("attention_network", versions=()),
    model("attention", steps=("pixels", "attention_network"), versions=()),
    model("alone"),
)


def test_an_ensemble_is_read_with_its_steps_task_and_tensors(length_repository: Path) -> None:
    models = read_repository(length_repository)
    length, step = models["length"], models["length_step"]
    assert (length.is_ensemble, length.steps, length.task) == (True, ("length_step",), "text-length")
    assert (length.inputs, length.outputs, length.versions) == (("TEXT",), ("LENGTH",), (1,))
    assert (step.is_ensemble, step.backend, step.instance_count) == (False, "python", 1)


def test_a_model_without_configuration_is_recognised_by_its_file(tmp_path: Path, write_model: WriteModel) -> None:
    write_model(tmp_path, "plain", "", {"3/model.onnx": "", "0/model.onnx": "", "notes/model.onnx": ""})
    write_model(tmp_path, "papers", "", {"1/readme.txt": ""})
    models = read_repository(tmp_path)
    assert list(models) == ["plain"]
    assert models["plain"].versions == (3,)


def test_a_named_variant_of_the_configuration_is_preferred(tmp_path: Path, write_model: WriteModel) -> None:
    write_model(tmp_path, "a", 'backend: "python"', {"configs/cpu.pbtxt": 'backend: "fused"', "1/model.py": ""})
    assert read_repository(tmp_path, "cpu")["a"].backend == "fused"
    assert read_repository(tmp_path, "gpu")["a"].backend == "python"


def test_a_variant_absorbs_the_steps_that_it_no_longer_has(tmp_path: Path, write_model: WriteModel) -> None:
    step = 'ensemble_scheduling { step { model_name: "pixels" } step { model_name: "net" } }'
    variant = 'backend: "fused"'
    write_model(tmp_path, "a", f'platform: "ensemble" {step}', {"configs/cpu.pbtxt": variant, "1/x": ""})
    assert read_repository(tmp_path, "cpu")["a"].absorbs == ("pixels", "net")
    assert read_repository(tmp_path, "portable")["a"].absorbs == ()
    assert read_repository(tmp_path)["a"].absorbs == ()


FUSED = repository(
    model("pixels"),
    model("cnn_network"),
    model("gan_network"),
    model("cnn", absorbs=("pixels", "cnn_network")),
    model("gan", absorbs=("pixels", "gan_network")),
    model("cnn_explain", asks=("cnn_network",)),
)


def test_absorbed_steps_are_left_out_unless_something_asks_them() -> None:
    selection = select(FUSED)
    assert [model.name for model in selection.models] == ["cnn", "cnn_explain", "cnn_network", "gan"]
    assert selection.top_level == ("cnn", "gan", "cnn_explain")
    assert selection.notes == ()


def test_absorbed_steps_are_served_when_they_are_named() -> None:
    assert [model.name for model in select(FUSED, ["gan", "gan_network"]).models] == ["gan", "gan_network"]
    assert [model.name for model in select(FUSED, ["pixels"]).models] == ["pixels"]


def test_without_a_gpu_the_variant_cpu_is_served(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()
    assert default_config_name(tmp_path) == "cpu"
    (tmp_path / "nvidia0").touch()
    assert default_config_name(tmp_path) == "portable"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "found nothing"),
        ({"letter.txt": "dear", "photos/cat.jpg": ""}, "found letter.txt, photos"),
    ],
    ids=["empty folder", "a folder of something else"],
)
def test_a_folder_that_is_not_a_repository_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(NotARepositoryError, match=r"expected at least one <model>/config\.pbtxt.*" + said) as caught:
        read_repository(tmp_path)
    assert caught.value.exit_code == 12


def test_a_repository_that_is_a_file_or_missing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(NotARepositoryError, match="it is a file"):
        read_repository(file)
    with pytest.raises(NotARepositoryError, match="there is no such folder"):
        read_repository(tmp_path / "missing")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("backend: ", r"broken/config\.pbtxt is not a model configuration.*1:"),
        ('no_such_field: "x"', "no_such_field"),
        ('name: "other"', "names the model 'other': expected the name of its folder, 'broken'"),
    ],
    ids=["syntax", "unknown field", "another name"],
)
def test_a_configuration_that_triton_would_refuse_names_its_file(
    tmp_path: Path, write_model: WriteModel, config: str, said: str
) -> None:
    write_model(tmp_path, "broken", config)
    with pytest.raises(NotARepositoryError, match=said):
        read_repository(tmp_path)


def test_everything_that_is_built_is_served_and_the_rest_is_named_with_its_command() -> None:
    selection = select(SHARED)
    assert [model.name for model in selection.models] == ["alone", "cnn", "cnn_network", "pixels"]
    assert selection.top_level == ("cnn", "alone")
    assert selection.notes == ("attention has no version folder yet: run `sightline export attention`.",)


def test_chosen_models_bring_their_steps() -> None:
    selection = select(SHARED, ["cnn"])
    assert [model.name for model in selection.models] == ["cnn", "cnn_network", "pixels"]
    assert selection.top_level == ("cnn",)


def test_a_step_that_is_chosen_alone_is_loaded_by_name() -> None:
    assert select(SHARED, ["pixels"]).top_level == ("pixels",)


ASKING = repository(
    model("tiles", asks=("network",)),
    model("denoiser", steps=("tiles",)),
    model("explain", asks=("cnn",)),
    model("cnn", steps=("pixels", "cnn_network")),
    model("cnn_network"),
    model("network"),
    model("pixels"),
)


@pytest.mark.parametrize(
    ("chosen", "models", "top_level", "loaded_by_name"),
    [
        (["denoiser"], ["denoiser", "network", "tiles"], ("denoiser",), ("network", "denoiser")),
        (["explain"], ["cnn", "cnn_network", "explain", "pixels"], ("explain",), ("cnn", "explain")),
        (["tiles", "network"], ["network", "tiles"], ("tiles",), ("network", "tiles")),
        (None, sorted(ASKING), ("denoiser", "explain"), ("cnn", "network", "denoiser", "explain")),
    ],
    ids=["by a step", "an ensemble", "chosen as well", "everything"],
)
def test_a_model_that_is_asked_is_loaded_by_name_and_before_those_that_ask_it(
    chosen: list[str] | None, models: list[str], top_level: tuple[str, ...], loaded_by_name: tuple[str, ...]
) -> None:
    selection = select(ASKING, chosen)
    assert [model.name for model in selection.models] == models
    assert (selection.top_level, selection.loaded_by_name) == (top_level, loaded_by_name)


def test_models_that_ask_each_other_are_loaded_once_each() -> None:
    selection = select(repository(model("a", asks=("b",)), model("b", asks=("a",))), ["a"])
    assert sorted(selection.loaded_by_name) == ["a", "b"]


@pytest.mark.parametrize(
    ("backend", "asks"), [("image_tiles", ("net",)), ("explain", ("net",)), ("python", ()), ("onnxruntime", ())]
)
def test_only_backends_that_ask_are_followed(
    tmp_path: Path, write_model: WriteModel, backend: str, asks: tuple[str, ...]
) -> None:
    parameter = 'parameters { key: "network" value { string_value: "net" } }'
    write_model(tmp_path, "a", f'backend: "{backend}"\n{parameter}', {"1/model.py": ""})
    assert read_repository(tmp_path)["a"].asks == asks


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cnm", "Did you mean 'cnn'?"),
        ("cnn_networks", "Did you mean 'cnn_network', 'attention_network'?"),
        ("resnet50", "It holds 6 of other names; `ls 'my models'` lists them. Correct the name."),
    ],
    ids=["one is near", "two are near", "none is near"],
)
def test_an_unknown_model_is_answered_with_the_nearest_names(name: str, said: str) -> None:
    models = {each.name: replace(each, path=Path("my models", each.name)) for each in SHARED.values()}
    with pytest.raises(UnknownModelError) as caught:
        select(models, [name])
    assert str(caught.value) == f"The repository holds no model {name!r}. {said}"


def test_at_most_three_names_are_offered() -> None:
    models = repository(*(model(f"digits_{number}") for number in range(9)))
    with pytest.raises(UnknownModelError) as caught:
        select(models, ["digits"])
    assert str(caught.value).count("'digits_") == 3


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (repository(model("a", versions=())), "a has no version folder yet: run `sightline export a`"),
        (repository(model("a", steps=("b",))), "a needs b, which the repository does not hold"),
        (repository(model("a", steps=("b",)), model("b", versions=())), "a needs b, which has no version folder"),
        (
            repository(model("a", asks=("b",))),
            "a needs b, which the repository does not hold: run `sightline export a`",
        ),
        (
            repository(model("a", steps=("b",)), model("b", asks=("c",)), model("c", versions=())),
            "a needs c, which has no version folder yet: run `sightline export a`",
        ),
    ],
    ids=["not built", "step missing", "step not built", "asked one missing", "one that a step asks not built"],
)
def test_a_repository_of_which_nothing_can_be_served_is_refused(models: dict[str, Model], said: str) -> None:
    with pytest.raises(ModelNotBuiltError, match=said):
        select(models)
    with pytest.raises(ModelNotBuiltError, match=said):
        select(models, ["a"])

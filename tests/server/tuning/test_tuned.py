"""The choice of `sightline tune` in a repository: when it is served, and when it is not."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving import Service

from sightline_server.arrangement import Arrangement
from sightline_server.model_config import read_config_file
from sightline_server.repository import read_repository
from sightline_server.repository_links import link_repository
from sightline_server.tuned import is_outdated, is_tuned, tuned_file
from sightline_server.tuning.arranged import arranged, file_text, variant

from .own_repository import MODEL, write_own_repository

TUNED = Arrangement("cpu", 2, 1, 4, 500)


def tuned_repository(directory: Path) -> Path:
    """`MODEL` is tuned in it."""
    repository = write_own_repository(directory)
    folder = repository / MODEL
    cpu = read_config_file(folder / "configs" / "cpu.pbtxt", MODEL)
    tuned_file(folder).write_text(file_text(arranged(cpu, TUNED), ["a header"]))
    return repository


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tuned_repository(tmp_path_factory.mktemp("tuned"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tuned_repository(tmp_path)


def test_an_arrangement_changes_what_it_says_and_nothing_else(tuned: Path) -> None:
    cpu = read_config_file(tuned / MODEL / "configs" / "cpu.pbtxt", MODEL)
    written = read_config_file(tuned_file(tuned / MODEL), MODEL)
    assert tuned_file(tuned / MODEL).read_text().startswith("# a header\n")
    assert [(group.count, group.kind) for group in written.instance_group] == [(2, 2)]  # KIND_CPU
    assert written.parameters["thread_count"].string_value == "1"
    assert (written.max_batch_size, written.dynamic_batching.max_queue_delay_microseconds) == (4, 500)
    assert arranged(cpu, Arrangement("cpu")) == cpu
    assert variant("cpu", written).processes == 2
    for field in ("name", "backend", "input", "output"):
        assert getattr(written, field) == getattr(cpu, field)
    assert written.parameters["steps"] == cpu.parameters["steps"]


def test_the_choice_is_read_as_auto_and_absorbs_the_steps(tuned: Path) -> None:
    model = read_repository(tuned, "auto")[MODEL]
    assert (model.instance_count, model.backend) == (2, "image_pipeline")
    assert model.absorbs == read_repository(tuned, "cpu")[MODEL].absorbs != ()
    assert read_repository(tuned, "cpu")[MODEL].instance_count == 1
    assert read_repository(tuned, "portable")[MODEL].is_ensemble


@pytest.mark.parametrize("variant_file", ["config.pbtxt", "configs/cpu.pbtxt"])
def test_a_choice_stays_while_what_it_arranges_does(variant_file: str, own: Path) -> None:
    other = {"config.pbtxt": "configs/cpu.pbtxt", "configs/cpu.pbtxt": "config.pbtxt"}[variant_file]
    folder = own / MODEL
    exported = read_config_file(folder / variant_file, MODEL)
    tuned_file(folder).write_text(file_text(exported, []))
    (folder / other).unlink()
    assert is_tuned(folder)
    assert not is_outdated(folder)


@pytest.mark.parametrize(
    ("before", "after"),
    [('name: "SCORES"', 'name: "PROBABILITIES"'), (r"\"width\": \"", r"\"width\": \"1"), ("_size: 32", "_size: 2")],
    ids=["another output", "other pixels", "smaller batches than it allows"],
)
def test_after_another_export_the_choice_is_not_served(before: str, after: str, own: Path) -> None:
    folder = own / MODEL
    for file in (folder / "config.pbtxt", folder / "configs" / "cpu.pbtxt"):
        file.write_text(file.read_text().replace(before, after))
    assert not is_tuned(folder)
    assert is_outdated(folder)
    assert read_repository(own, "auto")[MODEL].instance_count == 1


def test_a_link_stands_for_every_model_and_one_has_another_configuration(tuned: Path, tmp_path: Path) -> None:
    config = tmp_path / "mine.pbtxt"
    config.write_text('name: "attention"')
    linked = link_repository(tuned, tmp_path / "linked", {MODEL: config})
    assert {each.name for each in linked.iterdir()} == {each.name for each in tuned.iterdir()}
    assert (linked / MODEL / "config.pbtxt").read_text() == 'name: "attention"'
    assert not (linked / MODEL / "configs").exists()
    assert (linked / MODEL / "1" / "golden").is_dir()
    assert (tuned / MODEL / "config.pbtxt").read_text() != 'name: "attention"'


def config(service: Service, model: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{service.http_url}/v2/models/{model}/config") as answer:
        return json.load(answer)


def test_serve_takes_the_choice_unless_it_is_told_another_arrangement(
    tuned: Path, start: Callable[..., Service]
) -> None:
    models = ("--models", f"{MODEL},gan,{MODEL}_explain")
    chosen = start(tuned, *models)
    assert config(chosen, MODEL)["instance_group"][0]["count"] == 2
    assert config(chosen, MODEL)["max_batch_size"] == 4
    # one that was not tuned, and one that asks a network of the tuned one
    assert config(chosen, "gan")["backend"] == "image_pipeline"
    assert config(chosen, f"{MODEL}_explain")["backend"] == "explain"
    assert f"{MODEL}  " in chosen.stdout
    assert "reproduced" in chosen.stdout
    cpu = start(tuned, *models, "--model-config-name", "cpu")
    assert config(cpu, MODEL)["instance_group"][0]["count"] == 1
    portable = start(tuned, *models, "--model-config-name", "portable")
    assert config(portable, MODEL)["platform"] == "ensemble"


def test_serve_says_that_a_choice_is_outdated(own: Path, start: Callable[..., Service]) -> None:
    file = tuned_file(own / MODEL)
    file.write_text(file.read_text().replace('name: "SCORES"', 'name: "PROBABILITIES"'))
    service = start(own, "--models", MODEL)
    assert config(service, MODEL)["instance_group"][0]["count"] == 1
    assert f"run `sightline tune {MODEL}` again" in service.stderr

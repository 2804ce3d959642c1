"""`sightline evaluate`: the figures of an export again, through the real service."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from export.quick import make_quick_recipe
from serving import Serve, Service, built_repository

from sightline_export.cli.evaluate import evaluate
from sightline_export.datasets.digits import load_digits
from sightline_export.exporter import export_recipe
from sightline_export.record import read_record
from sightline_export.release import Setting
from sightline_export.repository.publish import published_versions


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(evaluate, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_the_served_figures_are_those_of_the_export(service: Service) -> None:
    repository = built_repository()
    version = published_versions(repository, "cnn")[-1]
    exit_code, stdout, stderr = run("cnn", "--url", service.grpc_url, "--json")
    assert (exit_code, stderr) == (0, "")
    figures = json.loads(stdout)["figures"]
    recorded = read_record(repository / "cnn" / str(version)).measurement
    assert figures == pytest.approx({figure.name: figure.value for figure in recorded.figures}, abs=0.003)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A hundred held-out digits, one folder for each label."""
    _, held_out = load_digits()
    for index in range(100):
        folder = tmp_path / "digits" / str(held_out.labels[index])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.png").write_bytes(held_out.pictures[index])
    return tmp_path / "digits"


def test_an_imported_classifier_is_measured_on_labelled_pictures(serve: Serve, exported: Path, labelled: Path) -> None:
    url = serve(exported).grpc_url
    exit_code, stdout, _ = run("quick", "--url", url, "--data", str(labelled), "--json")
    assert exit_code == 0
    measured = json.loads(stdout)
    assert measured["figures"]["pictures in digits"] == 100
    assert sum(row["pictures"] for row in measured["per_class"].values()) == 100
    assert 0 <= measured["figures"]["held-out accuracy"] <= 1


def test_a_recipe_trained_on_a_folder_says_so_through_its_server(serve: Serve, labelled: Path, tmp_path: Path) -> None:
    for_data = make_quick_recipe().for_data
    assert for_data is not None
    recipe = replace(for_data(labelled), sheet=None)
    list(export_recipe(recipe, Setting(tmp_path / "repository", 1, serve=False), tmp_path))
    url = serve(tmp_path / "repository").grpc_url
    exit_code, stdout, stderr = run("quick", "--url", url, "--data", str(labelled), "--json")
    assert exit_code == 0, stderr
    measured = json.loads(stdout)["figures"]
    assert measured["pictures in the held-out part of digits"] < 50
    assert measured == {
        figure.name: pytest.approx(figure.value, abs=1e-6)
        for figure in read_record(tmp_path / "repository" / "quick" / "1").measurement.figures
    }


def test_mistakes_get_one_line_and_an_exit_code(serve: Serve, exported: Path, service: Service) -> None:
    url = serve(exported).grpc_url
    assert run("cnn", "--url", "http://localhost:8000")[0] == 2
    for arguments, code, message in (
        (("quick", "--url", url), 16, "got quick of the task image-classification without --data"),
        (("cnn", "--url", url), 6, "cnn"),
        (("nothing", "--url", url), 6, "nothing"),
        (
            ("cnn_network", "--url", service.grpc_url),
            16,
            "got cnn_network of the task that nobody named",
        ),
        (("cnn", "--url", "grpc://localhost:1"), 4, "localhost:1"),
    ):
        exit_code, stdout, stderr = run(*arguments)
        assert (exit_code, stdout) == (code, ""), stderr
        assert message in stderr
        assert len(stderr.splitlines()) == 1


def test_quick_is_unknown_to_the_registry() -> None:
    """Else the tests above would measure a recipe."""
    from sightline_export.recipe import recipes

    assert make_quick_recipe().name not in recipes()

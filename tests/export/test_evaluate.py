"""`sightline evaluate`: the figures of an export again, through the real service."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from export.quick import make_quick_recipe
from serving import Serve, Service, built_repository

from sightline_export.cli.evaluate import evaluate
from sightline_export.datasets.digits import load_digits
from sightline_export.record import read_record
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
    """Twenty held-out digits, one folder for each label."""
    _, held_out = load_digits()
    for index in range(20):
        folder = tmp_path / "digits" / str(held_out.labels[index])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.png").write_bytes(held_out.pictures[index])
    return tmp_path / "digits"


def test_an_imported_classifier_is_measured_on_labelled_pictures(serve: Serve, exported: Path, labelled: Path) -> None:
    url = serve(exported).grpc_url
    exit_code, stdout, _ = run("quick", "--url", url, "--data", str(labelled), "--json")
    assert exit_code == 0
    measured = json.loads(stdout)
    assert measured["figures"]["pictures in digits"] == 20
    assert sum(row["pictures"] for row in measured["per_class"].values()) == 20
    assert 0 <= measured["figures"]["held-out accuracy"] <= 1


def test_mistakes_get_one_line_and_an_exit_code(serve: Serve, exported: Path, service: Service) -> None:
    url = serve(exported).grpc_url
    assert run("cnn", "--url", "http://localhost:8000")[0] == 2
    for arguments, code, message in (
        (("quick", "--url", url), 16, "got quick of the task image-classification without --data"),
        (("cnn", "--url", url), 6, "cnn"),
        (("nothing", "--url", url), 6, "nothing"),
        (
            ("gan_network", "--url", service.grpc_url),
            16,
            "got gan_network of the task that nobody named",
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

"""The ensemble without Triton gives what the ensemble gives in Triton."""

from pathlib import Path

import pytest
from serving import ROOT, Service

from sightline_export.errors import RepositoryUnusable, UnknownModel
from sightline_export.in_process import step_runtime
from sightline_export.repository.golden import stack
from sightline_export.repository.published import read_published
from sightline_export.signature import TensorSpec
from sightline_export.verification.parity import max_abs_difference
from sightline_export.verification.service import connected

REPOSITORY = ROOT / "model_repository"


@pytest.mark.parametrize(("name", "output"), [("cnn", "SCORES"), ("gan", "RESULT")])
def test_it_answers_as_the_server_does(name: str, output: str, service: Service) -> None:
    published = read_published(REPOSITORY, name)
    inputs = stack(published.cases()[0])
    with connected(service.grpc_url) as server:
        served = server.runtime(name, [TensorSpec(output, "BYTES", (1,))])(inputs)[output]
    answers = published.in_process()(inputs)[output]
    assert answers.shape == served.shape
    assert max_abs_difference(answers, served) <= (1 if name == "gan" else 1e-6)


def test_a_step_of_another_backend_is_named() -> None:
    with pytest.raises(RepositoryUnusable, match="got 'dali'"):
        step_runtime("dali", {})


def test_a_model_that_is_not_an_ensemble_is_named() -> None:
    with pytest.raises(RepositoryUnusable, match=r"expected a model that users call in .*cnn_network"):
        read_published(REPOSITORY, "cnn_network")


def test_a_name_that_is_not_there_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match=r"got \d+ of other names; did you mean cnn\?$"):
        read_published(REPOSITORY, "cnm")
    with pytest.raises(UnknownModel, match=r"got nothing; build it with: sightline export cnn"):
        read_published(tmp_path / "empty", "cnn")


def test_a_name_like_no_other_gets_the_command_that_lists_them() -> None:
    lists = r"got \d+ of other names; `ls .*model_repository` lists them, or build it with: sightline export painter$"
    with pytest.raises(UnknownModel, match=lists):
        read_published(REPOSITORY, "painter")


def test_a_model_without_a_version_is_not_taken_for_a_misspelt_one(tmp_path: Path) -> None:
    for name in ("lenet", "lenet_network"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.pbtxt").write_text("")
    with pytest.raises(UnknownModel, match=r"got no version of it; build it with: sightline export lenet$"):
        read_published(tmp_path, "lenet")

"""An export touches its own models only, and only with the tensors that they have."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from export.quick import make_quick_recipe

from sightline_backend.pixels import PixelSpec
from sightline_export.entries import entries
from sightline_export.errors import NameTaken
from sightline_export.model_spec import ModelSpec
from sightline_export.repository.claim import require_own_names

SPEC = make_quick_recipe().spec


@pytest.fixture
def mine(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "model_repository"))


def claim(repository: Path, spec: ModelSpec) -> None:
    require_own_names(repository, spec.name, entries(spec, (), (), (), {}))


def test_the_next_version_of_the_same_model_is_welcome(mine: Path) -> None:
    claim(mine, SPEC)
    claim(mine, replace(SPEC, max_batch_size=4))
    claim(mine, replace(SPEC, name="another"))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            replace(SPEC, pixels=PixelSpec(48, 48)),
            r"expected quick_network with the input of the versions",
        ),
        (replace(SPEC, labels=("a", "b")), r"with the output of the versions that are there"),
        (replace(SPEC, name="quick_network"), r"does not end in _network"),
        (replace(SPEC, name="pixels_rgb_64x64_squash"), r"does not begin with pixels_"),
    ],
)
def test_another_model_under_the_same_name_is_refused(spec: ModelSpec, message: str, mine: Path) -> None:
    with pytest.raises(NameTaken, match=message):
        claim(mine, spec)


@pytest.mark.parametrize("folder", ["quick", "quick_network", "pixels_rgb_64x64_squash"])
@pytest.mark.parametrize("text", ['name: "written by hand"', "no protobuf {", ""])
def test_a_model_that_somebody_else_wrote_is_never_touched(folder: str, text: str, mine: Path) -> None:
    (mine / folder / "config.pbtxt").write_text(text)
    with pytest.raises(NameTaken, match=r"written by `sightline export`, got somebody else's model"):
        claim(mine, SPEC)


def test_a_shared_step_that_does_something_else_is_refused(mine: Path) -> None:
    config = mine / "pixels_rgb_64x64_squash" / "config.pbtxt"
    config.write_text(config.read_text().replace('"squash"', '"crop"'))
    with pytest.raises(NameTaken, match="with the parameters of the versions that are there"):
        claim(mine, SPEC)


def test_a_shared_step_with_more_instances_is_left_alone(mine: Path) -> None:
    config = mine / "pixels_rgb_64x64_squash" / "config.pbtxt"
    config.write_text(config.read_text().replace("count: 1", "count: 3"))
    claim(mine, SPEC)

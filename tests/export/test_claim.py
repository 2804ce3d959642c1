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
from sightline_export.repository.claim import require_own_names, require_unreserved

SPEC = make_quick_recipe().spec


@pytest.fixture
def mine(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "model_repository"))


def claim(repository: Path, spec: ModelSpec) -> None:
    require_unreserved(spec.name)
    require_own_names(repository, entries(spec, (), (), (), {}))


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
        (replace(SPEC, name="quick_tiles"), r"_network or _explain or _tiles"),
        (replace(SPEC, name="pixels_rgb_64x64_squash"), r"does not begin with pixels_"),
        (replace(SPEC, name="class_map_squash"), r"class_map_, faces_, which steps of models have"),
        (replace(SPEC, name="faces_rgb"), r"got 'faces_rgb'; choose another with --name"),
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


SIZE_WH = """output {
  name: "SIZE_WH"
  data_type: TYPE_INT32
  dims: 2
}
"""


def test_a_shared_step_of_an_earlier_export_may_gain_an_output(mine: Path) -> None:
    config = mine / "pixels_rgb_64x64_squash" / "config.pbtxt"
    assert SIZE_WH in config.read_text()
    config.write_text(config.read_text().replace(SIZE_WH, ""))
    claim(mine, SPEC)


def test_a_shared_step_may_not_lose_an_output(mine: Path) -> None:
    config = mine / "pixels_rgb_64x64_squash" / "config.pbtxt"
    config.write_text(config.read_text().replace(SIZE_WH, SIZE_WH + SIZE_WH.replace("SIZE_WH", "MORE")))
    with pytest.raises(NameTaken, match=r"expected pixels_rgb_64x64_squash with the output of .*MORE"):
        claim(mine, SPEC)


def test_an_output_of_a_shared_step_may_not_change(mine: Path) -> None:
    config = mine / "pixels_rgb_64x64_squash" / "config.pbtxt"
    config.write_text(config.read_text().replace(SIZE_WH, SIZE_WH.replace("INT32", "INT64")))
    with pytest.raises(NameTaken, match=r"expected pixels_rgb_64x64_squash with the output of .*TYPE_INT64"):
        claim(mine, SPEC)


def test_a_shared_step_with_more_instances_is_left_alone(mine: Path) -> None:
    config = mine / "pixels_rgb_64x64_squash" / "config.pbtxt"
    config.write_text(config.read_text().replace("count: 1", "count: 3"))
    claim(mine, SPEC)

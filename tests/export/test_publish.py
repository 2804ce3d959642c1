"""Publishing: whole or not at all, and never over what is there."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from sightline_export.errors import RepositoryUnusable, VersionExists
from sightline_export.repository.claim import SOURCE_KEY
from sightline_export.repository.entry import ModelEntry
from sightline_export.repository.golden import FileTensor, GoldenCase, ValueTensor
from sightline_export.repository.model_config import from_text, to_text
from sightline_export.repository.publish import build, next_version, publish, published_versions, remove_orphan
from sightline_export.repository.staging import BUILDING, staging_folder

CASE = GoldenCase(
    name="one",
    inputs={"IMAGE": FileTensor("one.png", b"\x89PNG\x00bytes")},
    outputs={"SCORES": ValueTensor("FP32", np.array([0.25, 0.75], np.float32), 1e-4)},
)


def entries(weights: Path, text: str = "a\nb\n") -> tuple[ModelEntry, ...]:
    weights.write_bytes(b"weights")
    return (
        ModelEntry({"name": "decode", "backend": "image_decode"}, versioned=False),
        ModelEntry({"name": "m_network"}, variants={"gpu": {"name": "m_network"}}, weights=(weights,)),
        ModelEntry({"name": "m"}, texts={"labels.txt": text}, golden=(CASE,)),
    )


def put(repository: Path, version: int, text: str = "a\nb\n") -> None:
    with staging_folder(repository) as staging:
        folders = entries(staging / "w.onnx", text)
        build(staging / "built", folders, version, "image-classification")
        publish(repository, folders, version, staging / "built")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_everything_lies_where_triton_and_people_look(repository: Path) -> None:
    put(repository, 1)
    assert files(repository) == {
        "decode/config.pbtxt",
        "m_network/config.pbtxt",
        "m_network/configs/gpu.pbtxt",
        "m_network/1/model.onnx",
        "m/config.pbtxt",
        "m/labels.txt",
        "m/1/golden/golden.json",
        "m/1/golden/one.png",
    }
    assert (repository / "decode" / "1").is_dir()


def test_golden_answers_keep_bytes_values_and_tolerance(repository: Path) -> None:
    put(repository, 1)
    folder = repository / "m" / "1" / "golden"
    assert (folder / "one.png").read_bytes() == b"\x89PNG\x00bytes"
    assert json.loads((folder / "golden.json").read_text()) == {
        "model": "m",
        "version": 1,
        "task": "image-classification",
        "cases": [
            {
                "name": "one",
                "inputs": {"IMAGE": {"datatype": "BYTES", "shape": [1], "file": "one.png"}},
                "outputs": {
                    "SCORES": {"datatype": "FP32", "shape": [2], "values": [0.25, 0.75], "tolerance": 1e-4},
                },
            }
        ],
    }


def test_a_second_version_stands_beside_the_first_and_texts_are_renewed(repository: Path) -> None:
    put(repository, 1)
    put(repository, next_version(repository, ("m", "m_network")), text="c\n")
    assert published_versions(repository, "m") == published_versions(repository, "m_network") == (1, 2)
    assert published_versions(repository, "decode") == (1,)
    assert (repository / "m" / "labels.txt").read_text() == "c\n"


@pytest.mark.parametrize("taken", ["m", "m_network"])
def test_an_existing_version_is_never_overwritten(repository: Path, taken: str) -> None:
    (repository / taken / "1").mkdir(parents=True)
    (repository / taken / "1" / "mine").write_text("keep")
    with pytest.raises(VersionExists, match="version 2"):
        put(repository, 1)
    assert files(repository) == {f"{taken}/1/mine"}


def test_a_number_below_the_newest_version_is_refused(repository: Path) -> None:
    put(repository, 2)
    with pytest.raises(VersionExists, match=r"version 2 is there, and .* leave --version out to write version 3"):
        put(repository, 1, text="older\n")
    assert (repository / "m" / "labels.txt").read_text() == "a\nb\n"


def test_a_network_that_a_killed_export_published_without_its_ensemble_is_removed(repository: Path) -> None:
    put(repository, 1)
    (repository / "m_network" / "2").mkdir()
    shutil.copyfile(own_graph(repository.parent), repository / "m_network" / "2" / "model.onnx")
    remove_orphan(repository, "m_network", "m")
    assert published_versions(repository, "m_network") == (1,)
    assert next_version(repository, ("m", "m_network")) == 2


def own_graph(folder: Path) -> Path:
    """The smallest ONNX file that carries the mark of an export."""
    model = onnx.helper.make_model(onnx.helper.make_graph([], "empty", [], []))
    onnx.helper.set_model_props(model, {SOURCE_KEY: "a test"})
    onnx.save(model, folder / "own.onnx")
    return folder / "own.onnx"


def test_what_an_export_did_not_write_is_never_removed(repository: Path) -> None:
    put(repository, 1)
    foreign = repository / "m_network" / "2" / "model.onnx"
    foreign.parent.mkdir()
    foreign.write_bytes(b"precious")  # not even an ONNX file
    remove_orphan(repository, "m_network", "m")
    assert foreign.read_bytes() == b"precious"
    shutil.copyfile(own_graph(repository.parent), foreign)
    (repository / "m_network" / "config.pbtxt").write_text('name: "m_network"\n')  # written by hand
    remove_orphan(repository, "m_network", "m")
    assert foreign.exists()


def test_what_is_in_the_way_is_named(repository: Path) -> None:
    repository.mkdir()
    (repository / "m_network").write_text("a file")
    with pytest.raises(OSError, match="m_network"):
        put(repository, 1)


def test_texts_that_the_new_version_does_not_have_go(repository: Path) -> None:
    put(repository, 1)
    configs = repository / "m_network" / "configs"
    (configs / "tensorrt.pbtxt").write_text((configs / "gpu.pbtxt").read_text())
    (configs / "mine.pbtxt").write_text('name: "m_network"\n')
    (repository / "m_network" / "build-tensorrt.sh").write_text("trtexec\n")
    put(repository, 2)
    assert {file.name for file in configs.iterdir()} == {"gpu.pbtxt", "mine.pbtxt"}
    assert not (repository / "m_network" / "build-tensorrt.sh").exists()


def test_a_shared_step_grows_and_never_shrinks(repository: Path) -> None:
    def size() -> int:
        return int(from_text((repository / "decode" / "config.pbtxt").read_text())["max_batch_size"])

    for version, (wanted, there) in enumerate(((8, 8), (2, 8), (16, 16)), start=1):
        with staging_folder(repository) as staging:
            _, network, ensemble = entries(staging / "w.onnx")
            step = ModelEntry({"name": "decode", "backend": "image_decode", "max_batch_size": wanted}, versioned=False)
            build(staging / "built", (step, network, ensemble), version, "image-classification")
            publish(repository, (step, network, ensemble), version, staging / "built")
        assert size() == there


def test_a_shared_step_gains_outputs_and_keeps_what_people_changed(repository: Path) -> None:
    def output(name: str) -> dict[str, Any]:
        return {"name": name, "data_type": "TYPE_UINT8", "dims": [2]}

    put(repository, 1)
    config = repository / "decode" / "config.pbtxt"
    people = {"name": "decode", "max_batch_size": 4, "instance_group": [{"count": 3}], "output": [output("OLD")]}
    config.write_text(to_text(people))
    with staging_folder(repository) as staging:
        _, network, ensemble = entries(staging / "w.onnx")
        wanted = {"name": "decode", "max_batch_size": 2, "output": [output("NEW"), output("OLD")]}
        step = ModelEntry(wanted, versioned=False)
        build(staging / "built", (step, network, ensemble), 2, "image-classification")
        publish(repository, (step, network, ensemble), 2, staging / "built")
    there = from_text(config.read_text())
    assert [each["name"] for each in there["output"]] == ["OLD", "NEW"]
    assert there["max_batch_size"] == 4
    assert there["instance_group"] == [{"count": 3}]


def test_versions_are_numeric_folders_as_triton_reads_them(repository: Path) -> None:
    for name in ("1", "10", "2", "03", "x", "golden"):
        (repository / "m" / name).mkdir(parents=True)
    (repository / "m" / "7").write_text("a file")
    assert published_versions(repository, "m") == (1, 2, 10)


def test_what_killed_exports_left_is_removed_and_what_others_build_is_not(repository: Path) -> None:
    left = repository / BUILDING / "left"
    left.mkdir(parents=True)
    with staging_folder(repository) as others:
        assert not left.exists()
        with staging_folder(repository) as mine:
            assert others.exists()
            assert mine != others


def test_nothing_of_a_failed_export_stays(repository: Path) -> None:
    def fail() -> None:
        with staging_folder(repository) as staging:
            (staging / "model.onnx").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(repository.iterdir()) == []


def test_a_repository_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(RepositoryUnusable, match=r"expected a model repository that can be written at .*file"):
        put(in_the_way, 1)


PUBLISH_FOREVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_publish import put
print("started", flush=True)
for version in range(1, 100_000):
    put(Path(sys.argv[1]), version)
"""


@pytest.mark.parametrize("delay_s", [0.02, 0.051, 0.083, 0.117, 0.156])
def test_a_kill_leaves_whole_versions_only(repository: Path, delay_s: float) -> None:
    code = [sys.executable, "-c", PUBLISH_FOREVER, str(repository), str(Path(__file__).parent)]
    with subprocess.Popen(code, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
    for version in published_versions(repository, "m"):
        assert files(repository / "m" / str(version)) == {"golden/golden.json", "golden/one.png"}
        assert (
            json.loads((repository / "m" / str(version) / "golden" / "golden.json").read_text())["version"] == version
        )
        assert (repository / "m_network" / str(version) / "model.onnx").read_bytes() == b"weights"
    for config in repository.glob("*/config.pbtxt"):
        assert config.read_text().endswith('"\n')
    # Where the kill left something to build on, the next export just goes on.
    put(repository, next_version(repository, ("m", "m_network")))

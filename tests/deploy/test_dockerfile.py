"""The image's Dockerfile: linted, pinned, and copying only what exists. No Docker engine is needed."""

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from sightline_backend.backends import NAMES

OLDEST_RELEASE = (26, 7)
BACKENDS = "/opt/tritonserver/backends/"
# the image has the C++ backend of ONNX Runtime
NOT_IN_THE_IMAGE = {"onnxruntime", "image_pipeline"}

Instruction = tuple[str, str]


def instructions(text: str) -> list[Instruction]:
    """Keyword and rest of each instruction, with continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (keyword.upper(), rest) for keyword, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def copies(text: str) -> list[tuple[str, str]]:
    """Source in the build context and target of each COPY."""
    found: list[tuple[str, str]] = []
    for keyword, rest in instructions(text):
        words = [word for word in rest.split() if not word.startswith("--")]
        if keyword == "COPY" and "--from=" not in rest:
            found += [(source, words[-1]) for source in words[:-1]]
    return found


def release(image: str) -> tuple[int, int]:
    """Year and month of a Triton image.

    Raises:
        ValueError: It is not NVIDIA's, or not named by release.
    """
    match = re.fullmatch(r"nvcr\.io/nvidia/tritonserver:(\d\d)\.(\d\d)-py3(@sha256:[0-9a-f]{64})?", image)
    if match is None:
        raise ValueError(f"expected nvcr.io/nvidia/tritonserver:YY.MM-py3, got {image}")
    return int(match[1]), int(match[2])


def lint(path: Path) -> list[str]:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--format", "json", "--no-color", path], capture_output=True, text=True, check=False
    )
    assert not done.stderr, done.stderr
    return [finding["code"] for finding in json.loads(done.stdout)]


def test_hadolint_finds_nothing(dockerfile: Path) -> None:
    assert lint(dockerfile) == []


def test_hadolint_finds_faults_in_a_bad_file(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM nvcr.io/nvidia/tritonserver:latest\nRUN cd /opt && pip install numpy\nUSER root\n")
    assert {"DL3007", "DL3013", "DL3042", "DL3003", "DL3002"} <= set(lint(bad))


def test_the_base_image_is_a_release_without_known_holes(dockerfile: Path) -> None:
    steps = instructions(dockerfile.read_text())
    (image,) = [rest.removeprefix("TRITON_IMAGE=") for keyword, rest in steps if keyword == "ARG"]
    assert release(image) >= OLDEST_RELEASE
    assert {rest.split()[0] for keyword, rest in steps if keyword == "FROM"} == {"${TRITON_IMAGE}"}


@pytest.mark.parametrize("image", ["nvcr.io/nvidia/tritonserver:26.06-py3", "nvcr.io/nvidia/tritonserver:24.10-py3"])
def test_an_older_release_is_noticed(image: str) -> None:
    assert release(image) < OLDEST_RELEASE


@pytest.mark.parametrize("image", ["nvcr.io/nvidia/tritonserver:latest", "tritonserver:26.08-py3"])
def test_an_image_of_another_name_is_noticed(image: str) -> None:
    with pytest.raises(ValueError, match="expected nvcr"):
        release(image)


def test_what_is_copied_exists_and_reaches_the_builder(dockerfile: Path, root: Path) -> None:
    kept = [
        line.removeprefix("!")
        for line in dockerfile.with_name("Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    sources = [source for source, _ in copies(dockerfile.read_text())]
    assert len(sources) >= 6
    assert [source for source in sources if not (root / source).exists()] == []
    assert [source for source in sources if not any(Path(source).is_relative_to(path) for path in kept)] == []
    assert [path for path in kept if not (root / path).exists()] == []


def test_every_backend_but_the_drop_in_is_put_beside_tritons_own(dockerfile: Path, root: Path) -> None:
    placed = {target.removeprefix(BACKENDS): source for source, target in copies(dockerfile.read_text())}
    wanted = set(NAMES) - NOT_IN_THE_IMAGE
    assert wanted <= placed.keys()
    assert not NOT_IN_THE_IMAGE & placed.keys()
    for name in wanted:
        assert placed[name] == f"python_backend/{name}"
        assert (root / placed[name] / "model.py").is_file()


def test_the_image_does_not_run_as_root(dockerfile: Path) -> None:
    users = [rest for keyword, rest in instructions(dockerfile.read_text()) if keyword == "USER"]
    assert users
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])


def test_the_image_serves_by_itself(dockerfile: Path, parameters: Callable[[list[str]], dict[str, Any]]) -> None:
    (command,) = [json.loads(rest) for keyword, rest in instructions(dockerfile.read_text()) if keyword == "CMD"]
    assert str(parameters(command)["model_repository"]) == "/models"


@pytest.mark.parametrize("distribution", ["sightline-server", "sightline-backend"])
def test_the_pinned_packages_are_those_that_we_ask_for(dockerfile: Path, distribution: str) -> None:
    lines = dockerfile.with_name("requirements.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    wanted = [Requirement(text) for text in importlib.metadata.requires(distribution) or []]
    assert wanted
    for requirement in wanted:
        if requirement.name not in NOT_IN_THE_IMAGE:
            assert requirement.name in pinned
            assert requirement.specifier.contains(pinned[requirement.name])


def test_numpy_is_the_one_that_tritons_python_process_is_built_for(dockerfile: Path) -> None:
    assert re.search(r"^numpy==1\.", dockerfile.with_name("requirements.txt").read_text(), flags=re.MULTILINE)

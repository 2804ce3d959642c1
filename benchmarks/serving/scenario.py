"""What is asked of the systems: pictures or tensors, of which model, and the right answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.serving.answer import Ranked

from sightline_backend.model_config import string_parameters
from sightline_backend.pixels import PixelSpec
from sightline_export.repository.publish import published_versions
from sightline_export.repository.published import read_config

Asks = Literal["picture", "tensor"]

OWN_REPOSITORY = Path("build/benchmarks/model_repository")


@dataclass(frozen=True)
class Scenario:
    """One comparison.

    key: how the options and the results call it.
    asks: the bytes of a JPEG, or the pixels that the network takes.
    model: what users call it; its network is `<model>_network`.
    systems: keys of those that take part without --all-scenarios; None: all.
    """

    key: str
    title: str
    asks: Asks
    model: str
    repository: Path
    concurrency: tuple[int, ...]
    systems: tuple[str, ...] | None = None
    export: str | None = None
    """What `sightline export` makes the model of, where it is no model of this checkout."""


LEADING = ("sightline", "sightline-portable", "fastapi-workers", "fastapi-batched")
SCENARIOS = (
    Scenario("jpeg-cnn", "JPEG to `cnn`, 64x64", "picture", "cnn", Path("model_repository"), (1, 8, 32)),
    Scenario(
        "jpeg-resnet18",
        "JPEG to a ResNet-18, 224x224",
        "picture",
        "resnet18",
        OWN_REPOSITORY,
        (1, 8, 32),
        systems=LEADING,
        export="torchvision:resnet18",
    ),
    Scenario(
        "tensor-cnn",
        "tensor to `cnn_network`",
        "tensor",
        "cnn",
        Path("model_repository"),
        (1, 32),
        systems=("sightline",),
    ),
    Scenario(
        "tensor-resnet18",
        "tensor to the network of the ResNet-18",
        "tensor",
        "resnet18",
        OWN_REPOSITORY,
        (1,),
        systems=("sightline",),
        export="torchvision:resnet18",
    ),
)


@dataclass(frozen=True)
class Served:
    """Where the parts of a scenario's model lie.

    network: the ONNX file of the newest version. pixels: what it takes. labels: in the order of its scores.
    """

    network: Path
    pixels: PixelSpec
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Questions:
    """What is sent, and what must come back. files: the same bytes on the disk, for the bare loop."""

    payloads: Sequence[bytes]
    answers: Sequence[Ranked]
    files: Sequence[Path]

    def __post_init__(self) -> None:
        if not len(self.payloads) == len(self.answers) == len(self.files):
            raise ValueError(
                f"expected as many answers and files as payloads, got {len(self.payloads)}, {len(self.answers)} and "
                f"{len(self.files)}"
            )


def served(scenario: Scenario) -> Served:
    """Read the repository. Raises SystemExit, saying how to build the model, where it is not built."""
    network = f"{scenario.model}_network"
    versions = published_versions(scenario.repository, network)
    if not versions:
        build = f"sightline export {scenario.export or scenario.model} --repository {scenario.repository}"
        raise SystemExit(f"Error: expected {network} in {scenario.repository}, got no version of it; run: {build}")
    folder = scenario.repository / network
    return Served(
        network=folder / str(versions[-1]) / "model.onnx",
        pixels=PixelSpec.from_parameters(_decoder_parameters(scenario)),
        labels=tuple((folder / "labels.txt").read_text().splitlines()),
    )


def _decoder_parameters(scenario: Scenario) -> Mapping[str, str]:
    """Those of the first step of the portable ensemble."""
    ensemble = read_config(scenario.repository, scenario.model)
    decoder = str(ensemble["ensemble_scheduling"]["step"][0]["model_name"])
    return string_parameters(read_config(scenario.repository, decoder))

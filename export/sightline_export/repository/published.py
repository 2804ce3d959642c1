"""Reading a published version back: its wiring, its steps and the answers that it gave when it was exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from google.protobuf.text_format import ParseError

from sightline_backend.model_config import string_parameters
from sightline_export.entries import network_name
from sightline_export.errors import RepositoryUnusable, UnknownModel
from sightline_export.in_process import ensemble_runtime, step_runtime
from sightline_export.repository.golden import GoldenCase, read_cases
from sightline_export.repository.model_config import ModelConfig, Step, from_text
from sightline_export.repository.publish import published_versions
from sightline_export.runtimes import onnx_runtime
from sightline_export.spelling import did_you_mean
from sightline_export.verification.parity import Arrays, Runtime


@dataclass(frozen=True)
class Published:
    """One version of an ensemble that `sightline export` wrote.

    newest: the highest version that is there.
    steps: in an order in which each comes after those that it needs.
    """

    repository: Path
    name: str
    version: int
    newest: int
    max_batch_size: int
    steps: tuple[Step, ...]

    @property
    def folder(self) -> Path:
        return self.repository / self.name / str(self.version)

    def cases(self) -> tuple[tuple[GoldenCase, ...], Path]:
        """The recorded requests with PyTorch's answers, and their folder; the golden ones for versions without."""
        folder = self.folder / "verification"
        folder = folder if folder.is_dir() else self.folder / "golden"
        return read_cases(folder), folder

    def in_process(self) -> Runtime:
        """The ensemble without Triton: its steps through the functions of the backends, its graph in ONNX Runtime.

        Raises RepositoryUnusable, here and when it is asked, where its files are damaged or no longer fit each other.
        """
        models = {step.model: self._step(step.model) for step in self.steps}
        runtime = ensemble_runtime(self.steps, models)

        def run(inputs: Arrays) -> Arrays:
            try:
                return runtime(inputs)
            except RepositoryUnusable:
                raise
            except Exception as error:  # of NumPy, of Pillow or of ONNX Runtime, whose errors share no base
                # The graph was verified when it was published: advice on forward() would lead astray, the cause helps.
                raise self._unusable(self.name, error.__cause__ or error) from error

        return run

    def _step(self, model: str) -> Runtime:
        config = read_config(self.repository, model)
        if config.get("backend") == "onnxruntime":
            return onnx_runtime(self.repository / model / str(self._version_of(model)) / "model.onnx")
        parameters = string_parameters(config)
        try:
            asked = {name: self._step(name) for name in (parameters.get("network"),) if name and name != model}
            return step_runtime(str(config.get("backend")), parameters, asked)
        except (KeyError, ValueError) as error:
            raise self._unusable(model, error) from error

    def _version_of(self, network: str) -> int:
        """An ensemble's own network has its version; that of another model is asked in its newest."""
        own = network == network_name(self.name)
        return self.version if own else max(published_versions(self.repository, network), default=1)

    def _unusable(self, model: str, error: BaseException) -> RepositoryUnusable:
        found = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return RepositoryUnusable(
            f"expected files of {self.name} version {self.version} in {self.repository} that fit each other, got "
            f"{found} from {model}; find the mistake with sightline lint, or export the model again"
        )


def read_published(repository: Path, name: str, version: int | None = None) -> Published:
    """The newest version of the ensemble `name`, or the one that is asked for.

    Raises UnknownModel, RepositoryUnusable.
    """
    versions = published_versions(repository, name)
    if not versions or (version is not None and version not in versions):
        wanted = name if version is None else f"{name} version {version}"
        raise UnknownModel(f"expected {wanted} in {repository}, got {_instead(repository, name, versions)}")
    config = read_config(repository, name)
    steps = tuple(
        Step(str(step.get("model_name", "")), step.get("input_map", {}), step.get("output_map", {}))
        for step in config.get("ensemble_scheduling", {}).get("step", [])
    )
    if not steps:
        steps = (_one_step(repository, name, config),)
    size = int(config.get("max_batch_size", 0))
    return Published(repository, name, version or versions[-1], versions[-1], size, steps)


def _instead(repository: Path, name: str, versions: Sequence[int]) -> str:
    """What is there in place of a model or of a version, and what to do."""
    build = f"build it with: sightline export {name}"
    if versions:
        return f"its versions {', '.join(map(str, versions))}; {build}"
    known = sorted(config.parent.name for config in repository.glob("*/config.pbtxt"))
    if name in known:
        return f"no version of it; {build}"
    if not known:
        return f"nothing; {build}"
    lists = f"`ls {quote(str(repository))}` lists them, or {build}"
    return f"{len(known)} of other names; {did_you_mean(name, known) or lists}"


def _one_step(repository: Path, name: str, config: ModelConfig) -> Step:
    """The wiring of a model without an ensemble: it answers users itself, as an explanation does."""
    if "task" not in string_parameters(config):
        raise RepositoryUnusable(
            f"expected a model that users call in {repository / name}, got a step of one; name the ensemble"
        )
    inputs, outputs = ([str(tensor["name"]) for tensor in config.get(kind, [])] for kind in ("input", "output"))
    return Step(name, {each: each for each in inputs}, {each: each for each in outputs})


def read_config(repository: Path, model: str) -> ModelConfig:
    """The `config.pbtxt` of a model. Raises RepositoryUnusable where it can't be read."""
    path = repository / model / "config.pbtxt"
    try:
        return from_text(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ParseError) as error:
        raise RepositoryUnusable(
            f"expected a model configuration in {path}, got: {error}; export the model again"
        ) from error

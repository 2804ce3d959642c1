"""What an export will put into the repository, as plain values; nothing here touches the disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sightline_export.repository.golden import GoldenCase
from sightline_export.repository.model_config import ModelConfig, to_text


@dataclass(frozen=True)
class ModelEntry:
    """One folder of the repository.

    variants: configurations for `--model-config-name`, by that name.
    texts: further committed texts, by name (labels.txt).
    weights: the file that becomes `<version>/model.onnx`, then files of its external data, which keep their names.
    golden: the cases of the server's self-test. verification: those of `sightline verify`.
    versioned: whether each export adds a version; a shared decoding step stays at version 1.
    """

    config: ModelConfig
    variants: Mapping[str, ModelConfig] = field(default_factory=dict[str, ModelConfig])
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    weights: tuple[Path, ...] = ()
    golden: tuple[GoldenCase, ...] = ()
    verification: tuple[GoldenCase, ...] = ()
    versioned: bool = True

    @property
    def name(self) -> str:
        return str(self.config["name"])

    def saying(self, parameters: Mapping[str, str]) -> "ModelEntry":
        """The same folder, all of whose configurations tell clients `parameters` besides."""
        told = {key: {"string_value": value} for key, value in parameters.items()}

        def said(config: ModelConfig) -> ModelConfig:
            before: dict[str, Any] = config.get("parameters", {})
            return {**config, "parameters": {**before, **told}} if told else config

        variants = {name: said(config) for name, config in self.variants.items()}
        return replace(self, config=said(self.config), variants=variants)

    def files(self) -> dict[str, str]:
        """The committed text files by their path inside the model's folder."""
        variants = {f"configs/{name}.pbtxt": to_text(config) for name, config in self.variants.items()}
        return {"config.pbtxt": to_text(self.config)} | variants | dict(self.texts)

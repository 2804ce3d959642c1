"""The models of a served ensemble that can be asked on their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from numpy.typing import NDArray

from sightline_backend.model_config import entries, section
from sightline_export.connection import Connection, Denied, Refused
from sightline_export.difference.entry_files import pinned_version
from sightline_export.difference.reference import Reference
from sightline_export.errors import UnknownModel


@dataclass(frozen=True, eq=False)
class Step:
    """One model of the ensemble, in the version that the ensemble uses, with the tensors that matter."""

    model: str
    version: int | None
    config: Mapping[str, Any]
    takes: str
    gives: str

    def ask(self, service: Connection, array: NDArray[Any]) -> NDArray[Any]:
        """array: with a batch axis. Raises Refused, also where this model may not be asked; ServiceUnusable."""
        try:
            return service.ask(self.model, self.config, {self.takes: array}, self.gives, version=self.version)
        except (Denied, UnknownModel) as error:
            raise Refused(str(error)) from error


def find_steps(
    service: Connection, config: Mapping[str, Any], takes: str, gives: str, reference: Reference
) -> tuple[Step | None, Step | None]:
    """The step from the file to pixels of the expected shape, and the step from these to the answer.

    None for a step that is not there, that the server does not show, or that nobody may ask.
    """
    steps = entries(section(config, "ensemble_scheduling"), "step")
    decode = pixels_name = None
    for step in steps:
        inputs, outputs = _tensors(step)
        if decode is None and list(inputs.values()) == [takes]:
            own = _config(service, step) or {}
            for tensor, name in outputs.items():
                if _declared(own, tensor) == ("TYPE_UINT8", reference.spec.shape):
                    decode, pixels_name = _step(step, own, tensor), name
    if pixels_name is None:
        return None, None
    for step in steps:
        inputs, outputs = _tensors(step)
        if list(inputs.values()) == [pixels_name] and gives in outputs.values():
            own = _config(service, step)
            tensor = next(tensor for tensor, name in outputs.items() if name == gives)
            if own is not None:
                return decode, _step(step, own, tensor)
    return decode, None


def _step(step: Mapping[str, Any], config: Mapping[str, Any], gives: str) -> Step:
    return Step(str(step["model_name"]), pinned_version(step), config, next(iter(_tensors(step)[0])), gives)


def _tensors(step: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """By the names of the step's own tensors, the names that the ensemble has for them."""
    inputs, outputs = (cast("dict[str, str]", step.get(key) or {}) for key in ("input_map", "output_map"))
    return inputs, outputs


def _config(service: Connection, step: Mapping[str, Any]) -> Mapping[str, Any] | None:
    try:
        return service.config(str(step["model_name"]), pinned_version(step))
    except (Denied, Refused, UnknownModel):
        return None


def _declared(config: Mapping[str, Any], name: str) -> tuple[str, tuple[int, ...]] | None:
    for entry in entries(config, "output"):
        if entry["name"] == name:
            return str(entry["data_type"]), tuple(int(dim) for dim in entry.get("dims", ()))
    return None

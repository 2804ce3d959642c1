"""Ask a running service about one picture, whole and step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline_backend.model_config import entries, section
from sightline_export.connection import Connection, Refused
from sightline_export.difference.observations import Answers, Observations, Parts, Pixels
from sightline_export.difference.picture_files import as_png
from sightline_export.difference.reference import Reference, labels_of
from sightline_export.errors import ServiceUnusable


def observe(service: Connection, model: str, reference: Reference, data: bytes, shown: Pixels) -> Observations:
    """Ask `model` about the picture `data`, and about `shown`, uint8 (P, h, w, c), of which the first are its pixels.

    Raises ServiceUnusable where the service does not answer, or is no model of pictures and numbers; UnknownModel.
    """
    config = service.config(model)
    takes = _name_of(config, "input", ("TYPE_STRING",), "bytes of a picture")
    gives = _name_of(config, "output", _NUMBERS, "numbers", reference.answer_name)
    decode, network = _find_steps(service, config, takes, gives, reference)
    files = _files([data])

    def ask_file(content: bytes) -> Answers:
        return service.ask(model, config, {takes: _files([content])}, gives)

    def ask(pixels: Pixels) -> Answers:
        if network is not None:
            return network.ask(service, pixels)
        return service.ask(model, config, {takes: _files([as_png(picture) for picture in pixels])}, gives)

    answer = pixels = told = step_answer = None
    refused = step_refused = None
    try:
        answer = ask_file(data)[0]
    except Refused as error:
        refused = str(error)
    if decode is not None:
        try:
            pixels = decode.ask(service, files)[0].astype(np.uint8, copy=False)
        except Refused:
            decode = None
    try:
        told = ask(shown)
        if network is not None and pixels is not None:
            step_answer = ask(pixels[None])[0]
        if network is None and decode is not None:
            shown = decode.ask(service, _files([as_png(picture) for picture in shown]))
    except Refused as error:
        step_refused = str(error)
    return Observations(
        parts=Parts(model, decode.model if decode else None, network.model if network else None),
        answer=answer,
        pixels=pixels,
        shown=shown if told is not None else None,
        told=told,
        step_answer=step_answer,
        labels=labels_of(config) or None,
        listed_labels=_listed(service, model, config, takes, gives, files, answer),
        ask=ask,
        ask_file=ask_file,
        refused=refused,
        step_refused=step_refused,
    )


_NUMBERS = ("TYPE_FP32", "TYPE_FP16", "TYPE_FP64")


class _Step:
    """One model of the ensemble, with the tensors that matter."""

    def __init__(self, model: str, config: Mapping[str, Any], takes: str, gives: str) -> None:
        self.model, self._config, self._takes, self._gives = model, config, takes, gives

    def ask(self, service: Connection, array: NDArray[Any]) -> NDArray[Any]:
        return service.ask(self.model, self._config, {self._takes: array}, self._gives)


def _find_steps(
    service: Connection, config: Mapping[str, Any], takes: str, gives: str, reference: Reference
) -> tuple[_Step | None, _Step | None]:
    """The step from the file to pixels of the expected shape, and the step from these to the answer."""
    steps = entries(section(config, "ensemble_scheduling"), "step")
    decode = network = pixels_name = None
    for step in steps:
        model = str(step["model_name"])
        inputs, outputs = (cast("dict[str, str]", step[key]) for key in ("input_map", "output_map"))
        if decode is None and list(inputs.values()) == [takes]:
            own = service.config(model)
            for tensor, name in outputs.items():
                if _declared(own, tensor) == ("TYPE_UINT8", reference.spec.shape):
                    decode, pixels_name = _Step(model, own, next(iter(inputs)), tensor), name
        elif pixels_name and list(inputs.values()) == [pixels_name] and gives in outputs.values():
            tensor = next(tensor for tensor, name in outputs.items() if name == gives)
            network = _Step(model, service.config(model), next(iter(inputs)), tensor)
    return decode, network


def _declared(config: Mapping[str, Any], name: str) -> tuple[str, tuple[int, ...]] | None:
    for entry in entries(config, "output"):
        if entry["name"] == name:
            return str(entry["data_type"]), tuple(int(dim) for dim in entry.get("dims", ()))
    return None


def _name_of(config: Mapping[str, Any], key: str, types: Sequence[str], what: str, preferred: str | None = None) -> str:
    found = [str(entry["name"]) for entry in entries(config, key) if entry.get("data_type") in types]
    if not found or (key == "input" and len(entries(config, key)) != 1):
        have = ", ".join(f"{entry['name']} {entry.get('data_type')}" for entry in entries(config, key)) or "none"
        raise ServiceUnusable(
            f"expected {config.get('name')} to have one {key} of {what}, got {have}; name the model that users send "
            "pictures to with --served-as"
        )
    return preferred if preferred in found else found[0]


def _listed(
    service: Connection,
    model: str,
    config: Mapping[str, Any],
    takes: str,
    gives: str,
    files: NDArray[Any],
    answer: Answers | None,
) -> tuple[str, ...] | None:
    """The labels of Triton's classification extension, by class id."""
    if answer is None or answer.ndim != 1:
        return None
    try:
        rows = service.ask(model, config, {takes: files}, gives, classes=len(answer))[0]
    except Refused:
        return None
    labels: dict[int, str] = {}
    for row in rows:
        _, index, *label = cast("bytes", row).decode("utf-8", "replace").split(":", 2)
        if not label:
            return None
        labels[int(index)] = label[0]
    return tuple(labels[i] for i in range(len(answer))) if set(labels) == set(range(len(answer))) else None


def _files(contents: Sequence[bytes]) -> NDArray[Any]:
    array = np.empty((len(contents), 1), np.object_)
    array[:, 0] = contents
    return array

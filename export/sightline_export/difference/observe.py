"""Ask a running service about one picture, whole and step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline_backend.model_config import entries
from sightline_export.connection import Connection, Refused
from sightline_export.difference.entry_files import labels_of
from sightline_export.difference.observations import Answers, Observations, Parts, Pixels
from sightline_export.difference.picture_files import as_png
from sightline_export.difference.reference import Reference
from sightline_export.difference.steps import find_steps
from sightline_export.errors import ServiceUnusable


def observe(service: Connection, model: str, reference: Reference, data: bytes, shown: Pixels) -> Observations:
    """Ask `model` about the picture `data`, and about `shown`, uint8 (P, h, w, c), of which the first are its pixels.

    Raises ServiceUnusable where the service does not answer, or is no model of pictures and numbers; UnknownModel.
    """
    config = service.config(model)
    takes = _name_of(config, "input", ("TYPE_STRING",), "bytes of a picture")
    gives = _name_of(config, "output", _NUMBERS, "numbers", reference.answer_name)
    decode, network = find_steps(service, config, takes, gives, reference)
    files = _files([data])

    def ask_files(contents: Sequence[bytes]) -> Answers:
        return _vectors(service.ask(model, config, {takes: _files(contents)}, gives))

    def ask(pixels: Pixels) -> Answers:
        if network is not None:
            return _vectors(network.ask(service, pixels))
        return ask_files([as_png(picture) for picture in pixels])

    answers, refused = _tried(lambda: ask_files([data]))
    answer = None if answers is None else answers[0]
    pixels = step_answer = None
    if decode is not None:
        made, _ = _tried(lambda: decode.ask(service, files))
        pixels = None if made is None else made[0].astype(np.uint8, copy=False)
    told, _ = _tried(lambda: ask(shown))
    if told is None and network is not None:
        network = None
        told, _ = _tried(lambda: ask(shown))
    can_ask = told is not None
    if network is not None and pixels is not None:
        steps_own, _ = _tried(lambda: ask(pixels[None]))
        step_answer = None if steps_own is None else steps_own[0]
    if network is None and decode is not None and pixels is not None and told is not None:
        made, _ = _tried(lambda: decode.ask(service, _files([as_png(picture) for picture in shown])))
        told, shown = (None, shown) if made is None else (told, made)
    if told is None and pixels is not None and answer is not None:
        told, shown = answer[None], pixels[None]
    return Observations(
        parts=Parts(model, decode.model if decode and pixels is not None else None, network.model if network else None),
        answer=answer,
        pixels=pixels,
        shown=shown if told is not None else None,
        told=told,
        step_answer=step_answer,
        labels=labels_of(config) or None,
        listed_labels=_listed(service, model, config, takes, gives, files, answer),
        ask=_nan_where_refused(ask, told) if can_ask and told is not None else None,
        ask_file=lambda content: _tried(lambda: ask_files([content]))[0],
        refused=refused,
    )


_NUMBERS = ("TYPE_FP32", "TYPE_FP16", "TYPE_FP64")


def _tried(ask: Callable[[], NDArray[Any]]) -> tuple[NDArray[Any] | None, str | None]:
    """The answer, or what was said instead: a refusal only takes away a means of looking."""
    try:
        return ask(), None
    except Refused as error:
        return None, str(error)


def _nan_where_refused(ask: Callable[[Pixels], Answers], like: Answers) -> Callable[[Pixels], Answers]:
    """NaN is no answer's equal. like: an answer of the same service."""

    def answers(pixels: Pixels) -> Answers:
        told, _ = _tried(lambda: ask(pixels))
        return np.full((len(pixels), *like.shape[1:]), np.nan) if told is None else told

    return answers


def _vectors(answers: NDArray[Any]) -> Answers:
    """(B, 1, k), of a model that writes its batch axis out, as (B, k). FP16 as float32: sums of it would be rounded."""
    answers = answers.astype(np.float32) if answers.dtype == np.float16 else answers
    return answers[:, 0] if answers.ndim == 3 and answers.shape[1] == 1 else answers


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

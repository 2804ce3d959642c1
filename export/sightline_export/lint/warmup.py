"""Warm-up requests: one that fails keeps the model from loading."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path

from sightline_backend.model_config import Config, entries, section
from sightline_export.lint.edits import replacement
from sightline_export.lint.findings import Finding
from sightline_export.lint.locate import Path as FieldPath
from sightline_export.lint.memory import ELEMENT_BYTES
from sightline_export.lint.model import Model
from sightline_export.lint.readable import is_file
from sightline_export.lint.tensors import text_of


def check_warmup(model: Model) -> Iterator[Finding]:
    """`model` is completed."""
    inputs = {str(entry["name"]): entry for entry in entries(model.config, "input")}
    for index, warmup in enumerate(entries(model.config, "model_warmup")):
        where = ("model_warmup", index)
        size, most = int(warmup["batch_size"]), max(1, model.max_batch_size)
        if size == 0:
            yield model.warning(
                "warmup-skipped", where, "a batch_size of 1 or more", "0: Triton skips it", "set batch_size: 1"
            )
            continue
        if size > most:
            yield model.error(
                "warmup-batch",
                (*where, "batch_size"),
                f"a batch of at most {most}",
                str(size),
                f"write batch_size: {most}",
                replacement(model.fields, (*where, "batch_size"), str(most)),
            )
        given = section(warmup, "inputs")
        for name, sample in given.items():
            entry = model.fields.entry((*where, "inputs"), name)
            place = (*where, "inputs", entry or 0)
            yield from _check_sample(model, place, name, sample)
            if name in inputs:
                yield from _check_fit(model, place, name, sample, inputs[name])
        if model.config["input"]:
            missing = [name for name, entry in inputs.items() if name not in given and not entry.get("optional")]
            if missing:
                yield model.error(
                    "warmup-input",
                    where,
                    f"all inputs, {', '.join(inputs)}",
                    f"{', '.join(given) or 'none'} without {missing[0]}",
                    f"add inputs of {missing[0]}, or correct the key",
                )


def _check_sample(model: Model, place: FieldPath, name: str, sample: Config) -> Iterator[Finding]:
    if -1 in sample["dims"]:
        yield model.error(
            "warmup-input",
            place,
            f"every size of {name} in a warm-up",
            text_of(sample["dims"]),
            "write sizes instead of -1",
        )
    kinds = [kind for kind in ("zero_data", "random_data", "input_data_file") if kind in sample]
    if not kinds:
        yield model.error(
            "warmup-input",
            place,
            f"zero_data, random_data or input_data_file for {name}",
            "none",
            "add zero_data: true",
        )
    elif kinds[0] == "input_data_file":
        yield from _check_file(model, place, sample, model.folder / "warmup" / str(sample["input_data_file"]))


def _check_file(model: Model, place: FieldPath, sample: Config, path: Path) -> Iterator[Finding]:
    where = (*place, "value", 0, "input_data_file")
    if not is_file(path):
        yield model.error(
            "warmup-file",
            where,
            f"the file {model.relative(path)}",
            "no such file",
            "put it there, or correct its name",
        )
        return
    size, data = ELEMENT_BYTES.get(str(sample["data_type"]), 4), path.read_bytes()
    if sample["data_type"] != "TYPE_STRING":
        wanted = size * (prod(sample["dims"]) if sample["dims"] else 0)
        if -1 not in sample["dims"] and wanted > len(data):
            yield model.error("warmup-file", where, f"{wanted} bytes", f"{len(data)}", "write the file again")
    elif _elements(data) != prod(sample["dims"]):
        yield model.error(
            "warmup-file",
            where,
            f"{prod(sample['dims'])} texts, each after its length as 4 bytes, low byte first",
            f"{len(data)} bytes of another form",
            "write the length before each text",
        )


def _elements(data: bytes) -> int | None:
    """How many texts a file of a BYTES tensor holds; None where it is not of that form."""
    count = at = 0
    while at < len(data):
        at += 4 + int.from_bytes(data[at : at + 4], "little")
        count += 1
    return count if at == len(data) else None


def _check_fit(model: Model, place: FieldPath, name: str, sample: Config, entry: Config) -> Iterator[Finding]:
    if sample["data_type"] != entry["data_type"]:
        where = (*place, "value", 0, "data_type")
        yield model.error(
            "warmup-input",
            where,
            f"{entry['data_type']} for {name}",
            str(sample["data_type"]),
            f"write data_type: {entry['data_type']}",
            replacement(model.fields, where, str(entry["data_type"])),
        )
    given, wanted = list(sample["dims"]), list(entry["dims"])
    if len(given) != len(wanted) or any(b not in (-1, a) for a, b in zip(given, wanted, strict=True) if a != -1):
        yield model.error(
            "warmup-input",
            (*place, "value", 0, "dims"),
            f"dims {text_of(wanted)} for {name}",
            text_of(given),
            "correct dims",
        )

"""How the tensors of a configuration differ from those that one of our backends has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sightline_backend.model_config import Config, TensorSpec, entries
from sightline_export.lint.contracts import Contract
from sightline_export.lint.edits import quoted, removal, replacement
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.tensors import WAYS, Way, text_of


def differences(model: Model, config: Config, contract: Contract) -> Iterator[Finding]:
    """One finding for each tensor that is wrong, missing, too many or listed twice. config: completed."""
    for way, tensors in zip(WAYS, (contract.takes, contract.gives), strict=True):
        yield from _of_one_way(model, way, entries(config, way), tensors)


def _of_one_way(model: Model, way: Way, found: Sequence[Config], tensors: tuple[TensorSpec, ...]) -> Iterator[Finding]:
    wanted = {tensor.name: tensor for tensor in tensors}
    names = [str(entry["name"]) for entry in found]
    missing = [tensor for tensor in tensors if tensor.name not in names and not tensor.optional]
    strange = [index for index, name in enumerate(names) if name not in wanted]
    backend = model.config["backend"]
    renamed = _renamed(names, strange, missing, tensors)
    for index, tensor in renamed.items():
        where, right = (way, index, "name"), quoted(tensor.name)
        yield model.error(
            "own-tensors",
            where,
            f"name {right} for the {way} of {backend}",
            names[index],
            f"write name: {right}",
            replacement(model.fields, where, right),
        )
        wanted[names[index]] = tensor
    strange = [index for index in strange if index not in renamed]
    missing = [tensor for tensor in missing if tensor not in renamed.values()]
    for index, entry in enumerate(found):
        if index in strange or names[index] in names[:index]:
            yield _too_many(model, way, index, names, tensors)
        else:
            yield from _of_one_tensor(model, way, index, entry, wanted)
    for tensor in missing:
        yield model.error(
            "own-tensors",
            (way,),
            f"the {way} {tensor}, which {backend} has",
            ", ".join(names),
            f"add it, or leave every {way} out",
        )


def _renamed(
    names: Sequence[str], strange: Sequence[int], missing: Sequence[TensorSpec], tensors: Sequence[TensorSpec]
) -> dict[int, TensorSpec]:
    """Those of the strange tensors that can only be meant as one of ours."""
    if len(strange) == len(missing) == 1:
        return {strange[0]: missing[0]}
    absent = {tensor.name.casefold(): tensor for tensor in tensors if tensor.name not in names}
    same = {index: absent[names[index].casefold()] for index in strange if names[index].casefold() in absent}
    return same if len(set(same.values())) == len(same) else {}


def _too_many(model: Model, way: Way, index: int, names: Sequence[str], tensors: Sequence[TensorSpec]) -> Finding:
    number = f"one {way}" if len(tensors) == 1 else f"{len(tensors)} {way}s"
    return model.error(
        "own-tensors",
        (way, index),
        f"{number} of {model.config['backend']}, {' and '.join(map(str, tensors))}",
        f"{names[index]} again" if names[index] in names[:index] else names[index],
        f"take {names[index]} out" + (", or correct the parameters" if model.config["parameters"] else ""),
    )


def _of_one_tensor(
    model: Model, way: Way, index: int, entry: Config, wanted: Mapping[str, TensorSpec]
) -> Iterator[Finding]:
    tensor = wanted[str(entry["name"])]
    backend = model.config["backend"]
    for key, right, text in (
        ("data_type", tensor.data_type, tensor.data_type),
        ("dims", list(tensor.dims), text_of(tensor.dims)),
    ):
        if entry[key] != right:
            where = (way, index, key)
            yield model.error(
                "own-tensors",
                where,
                f"{key} {text} for the {way} {tensor.name} of {backend}",
                str(entry[key]),
                f"write {key}: {text}" + (", or correct the parameters" if key == "dims" else ""),
                replacement(model.fields, where, text) if key != "dims" else (),
            )
    if entry.get("optional") and not tensor.optional:
        where = (way, index, "optional")
        yield model.error(
            "own-tensors",
            where,
            f"{tensor.name} in every request to {backend}",
            "optional: true",
            "take optional out",
            removal(model.fields, where),
        )

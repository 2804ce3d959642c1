"""How much shared memory the Python processes need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from sightline_backend.model_config import Config, entries
from sightline_export.lint.asked import asked_of
from sightline_export.lint.findings import Finding
from sightline_export.lint.instances import instance_count
from sightline_export.lint.machine import BACKENDS, Machine
from sightline_export.lint.model import Model

REGION_BYTES = 1 << 20  # what each instance starts with; it grows with the largest batch and never shrinks
BYTES_PER_FILE = 1 << 18  # an encoded picture, for want of anything better

ELEMENT_BYTES = {
    "TYPE_BOOL": 1,
    "TYPE_UINT8": 1,
    "TYPE_INT8": 1,
    "TYPE_UINT16": 2,
    "TYPE_INT16": 2,
    "TYPE_FP16": 2,
    "TYPE_BF16": 2,
    "TYPE_UINT32": 4,
    "TYPE_INT32": 4,
    "TYPE_FP32": 4,
    "TYPE_UINT64": 8,
    "TYPE_INT64": 8,
    "TYPE_FP64": 8,
}


def shared_memory_need(model: Model, machine: Machine) -> int:
    """Bytes of shared memory that the instances of a completed model take in the end, when all are busy."""
    batch = max(1, model.max_batch_size)
    one = sum(_tensor_bytes(entry) for way in ("input", "output") for entry in entries(model.config, way))
    return instance_count(model, machine) * (REGION_BYTES + batch * one + _asked_bytes(model))


def check_memory(models: Sequence[Model], machine: Machine) -> Iterator[Finding]:
    """One finding for the repository, on the model that needs most."""
    models = [model for model in models if model.config["backend"] in BACKENDS]  # others run inside tritonserver
    needs = {model.name: shared_memory_need(model, machine) for model in models}
    free = machine.shared_memory_bytes
    if not needs or free is None or sum(needs.values()) <= free:
        return
    largest = max(models, key=lambda model: needs[model.name])
    regions = sum(instance_count(model, machine) for model in models) * REGION_BYTES
    wanted = (
        f"{_mebibytes(sum(needs.values()))} of /dev/shm for all models under full load, "
        f"{_mebibytes(needs[largest.name])} of it here"
    )
    where = ("instance_group",) if largest.fields.find(("instance_group",)) else ("max_batch_size",)
    edit = "lower max_batch_size or the count of instances, or give the machine more: --shm-size=1g in a container"
    found = f"{_mebibytes(free)} free"
    if regions > free:
        yield largest.error("shared-memory", where, wanted, found, edit)
    else:
        yield largest.warning("shared-memory", where, wanted, found, edit)


def _tensor_bytes(entry: Config) -> int:
    # what varies can't be known; the fixed sizes are the least that comes
    count = prod(size for size in entry["dims"] if size > 0)
    return count * ELEMENT_BYTES.get(str(entry["data_type"]), BYTES_PER_FILE)


def _asked_bytes(model: Model) -> int:
    """One request to the network that a model asks itself, with its answer: they go through the model's own region."""
    asked = asked_of(model)
    if asked is None:
        return 0
    return asked.rows * sum(_tensor_bytes(tensor.entry()) for tensor in (asked.sends, *asked.reads))


def _mebibytes(count: int) -> str:
    return f"{max(1, count >> 20)} MiB"

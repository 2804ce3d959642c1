"""What two models of an ensemble say of the tensor that they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sightline_export.lint.edits import dims as dims_edit
from sightline_export.lint.edits import replacement
from sightline_export.lint.findings import Edit, Finding
from sightline_export.lint.model import Model
from sightline_export.lint.tensors import text_of


@dataclass(frozen=True)
class Tensor:
    """What is known of an ensemble tensor, and who said so.

    where: in the ensemble's own configuration, if there. certain: whether all steps say the same of it.
    """

    owner: str
    data_type: str
    dims: tuple[int, ...]
    batching: bool
    where: tuple[str | int, ...] = ()
    certain: bool = False

    @property
    def full(self) -> tuple[int, ...]:
        return (-1, *self.dims) if self.batching else self.dims


def check_pair(model: Model, place: tuple[str | int, ...], name: str, old: Tensor, new: Tensor) -> Iterator[Finding]:
    """Hold what a step says of the tensor `name` against what was said before. place: of the step's map."""
    own = old.where
    if old.data_type != new.data_type:
        where = (*own, "data_type") if own else place
        yield model.error(
            "step-type",
            where,
            f"{new.data_type} for {name}, as in {new.owner}",
            f"{old.data_type} in {old.owner}",
            f"write data_type: {new.data_type}" if own else "put a step between them, or correct one of the two",
            replacement(model.fields, where, new.data_type) if old.certain else (),
        )
    compatible = _compatible(old.dims, new.dims), _compatible(old.full, new.full)
    if any(compatible):
        yield from _check_promise(model, place, name, old, new, rows=compatible[1])
    else:
        where = (*own, "dims") if own else place
        certain = (
            bool(own) and old.certain and old.batching == new.batching and model.fields.find((*own, "reshape")) is None
        )
        changes: list[Edit] = dims_edit(model.fields, where, new.dims) if certain else []
        yield model.error(
            "step-dims",
            where,
            f"{text_of(new.full)} for {name}, as in {new.owner}{' with its batch axis' if new.batching else ''}",
            f"{text_of(old.full)} in {old.owner}{' with its batch axis' if old.batching else ''}",
            f"write dims: {text_of(new.dims)}" if certain else "put a step between them, or correct one of the two",
            changes,
        )


def _check_promise(
    model: Model, place: tuple[str | int, ...], name: str, old: Tensor, new: Tensor, *, rows: bool
) -> Iterator[Finding]:
    """What Triton lets pass when it loads, and refuses when it is asked."""
    if old.batching and not new.batching and not rows:
        yield model.error(
            "step-one-row",
            place,
            f"a batch axis in {new.owner}, as the ensemble has one",
            f"dims {text_of(new.dims)} without, so that only one row fits",
            f"set max_batch_size in {new.owner}",
            answers=True,
        )
    elif old.where[:1] == ("input",):
        narrower = [size for size, wide in zip(new.full, old.full, strict=False) if wide == -1 and size != -1]
        if rows and narrower:
            yield model.error(
                "ensemble-promise",
                (*old.where, "dims"),
                f"{text_of(new.dims)} for {name}, which is all that {new.owner} takes",
                f"{text_of(old.dims)}, which promises any size",
                f"write dims: {text_of(new.dims)}",
                dims_edit(model.fields, (*old.where, "dims"), new.dims)
                if old.certain and old.batching == new.batching
                else (),
                answers=True,
            )


def _compatible(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return len(one) == len(other) and all(-1 in (a, b) or a == b for a, b in zip(one, other, strict=True))

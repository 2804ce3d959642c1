"""Models that ask a network themselves, which Triton calls business logic scripting: what becomes of their requests.

Triton looks for the network when the first request comes, so a mistake here never keeps the model from loading.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from sightline_backend.errors import ParameterError
from sightline_backend.model_config import Config, TensorSpec, entries
from sightline_export.lint.contracts import Asked
from sightline_export.lint.examined import Examined
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.own_backends import contract_of, is_own
from sightline_export.lint.tensors import Way, text_of

_NUMBERS = frozenset(
    {f"TYPE_{kind}{bits}" for kind, sizes in (("FP", (16, 32, 64)), ("INT", (8, 16, 32, 64))) for bits in sizes}
    | {f"TYPE_UINT{bits}" for bits in (8, 16, 32, 64)}
)


def asked_of(model: Model) -> Asked | None:
    """What a model asks of another; None for those that ask none, or whose parameters can't be used."""
    try:
        return contract_of(model).asked if is_own(model) else None
    except ParameterError:
        return None


def check_asked(model: Model, asked: Asked, models: Mapping[str, Examined], rows: int) -> Iterator[Finding]:
    """Every rule about the network that `model` asks; `models` are those of the repository.

    rows: the most that one request to the network may have; 0 where it has no batch axis, or answers nothing.
    """
    where = _where(model, "network")
    known = models.get(asked.network)
    if known is None:
        near = _nearest(model, asked, models)
        yield model.error(
            "asked-missing",
            where,
            "a model that the repository holds as network",
            asked.network,
            f"write {near}" if near else f"add the model {asked.network}, or correct the name",
            answers=True,
        )
    elif not known.loads or known.model is None:
        yield model.error(
            "asked-does-not-load",
            where,
            f"a network that loads, {asked.network}",
            "it does not load",
            f"correct {asked.network} first",
            answers=True,
        )
    elif known.known:
        tensors = tuple(_check_tensors(model, known.model, asked))
        yield from tensors or _check_rows(model, known.model, asked, rows)


def _nearest(model: Model, asked: Asked, models: Mapping[str, Examined]) -> str:
    """The name most like the one that was asked, of the models with the right tensors."""
    fitting = [
        name
        for name, one in models.items()
        if one.loads and one.model and not [*_check_tensors(model, one.model, asked)]
    ]
    return next(iter(difflib.get_close_matches(asked.network, fitting, 1)), "")


def _check_tensors(model: Model, network: Model, asked: Asked) -> Iterator[Finding]:
    yield from _check_tensor(model, network, "input", asked.sends)
    for entry in entries(network.config, "input"):
        if entry["name"] != asked.sends.name and not entry.get("optional"):
            yield _wrong(model, f"only {asked.sends.name} as input of {network.name}", f"{entry['name']} as well")
    for tensor in asked.reads:
        yield from _check_tensor(model, network, "output", tensor)


def _check_tensor(model: Model, network: Model, way: Way, tensor: TensorSpec) -> Iterator[Finding]:
    offered = {str(entry["name"]): entry for entry in entries(network.config, way)}
    expected = f"the {way} {tensor} of {network.name}"
    if tensor.name not in offered:
        yield _wrong(model, expected, ", ".join(offered) or "none")
    elif not _fits(network, offered[tensor.name], tensor):
        entry = offered[tensor.name]
        batch = "" if network.max_batch_size else " with its batch axis"
        yield _wrong(model, expected, f"{entry['data_type']} {text_of(entry['dims'])}{batch}")


def _fits(network: Model, entry: Config, tensor: TensorSpec) -> bool:
    found: Sequence[int] = list(entry["dims"]) if network.max_batch_size else list(entry["dims"])[1:]
    numbers = tensor.data_type == "TYPE_FP32"
    same = entry["data_type"] in _NUMBERS if numbers else entry["data_type"] == tensor.data_type
    return (
        same
        and len(found) == len(tensor.dims)
        and all(-1 in (one, other) or one == other for one, other in zip(found, tensor.dims, strict=True))
    )


def _check_rows(model: Model, network: Model, asked: Asked, rows: int) -> Iterator[Finding]:
    if not network.max_batch_size:
        taken = next(entry for entry in entries(network.config, "input") if entry["name"] == asked.sends.name)
        first = int(taken["dims"][0])
        rows = asked.rows if first == -1 else first
    where = _where(model, "batch", "network_batch_size")
    if not rows:
        yield model.error(
            "asked-batch",
            where,
            f"a network that answers, {network.name}",
            "it answers nothing",
            f"correct {network.name} first",
            answers=True,
        )
    elif rows < asked.rows:
        yield model.error(
            "asked-batch",
            where,
            f"at most {rows} rows in a request, which is all that {network.name} answers",
            str(asked.rows),
            f"write {rows}",
            answers=True,
        )


def _wrong(model: Model, expected: str, found: str) -> Finding:
    edit = "name another network, or correct the parameters"
    return model.error("asked-tensor", _where(model, "network"), expected, found, edit, answers=True)


def _where(model: Model, *keys: str) -> tuple[str | int, ...]:
    """The place of the first of these parameters that is given."""
    places = (model.fields.entry(("parameters",), key) for key in keys)
    return next((("parameters", place) for place in places if place is not None), ("parameters",))

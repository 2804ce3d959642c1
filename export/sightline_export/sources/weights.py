"""Files of weights, and putting them into a network."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast
from zipfile import BadZipFile, ZipFile

import torch
from torch import Tensor, nn
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from sightline_export.errors import SourceUnusable, WeightsMismatch

State = dict[str, Tensor]

NESTED_UNDER = ("state_dict", "model", "model_state_dict")
PREFIXES = ("module.", "model.", "_orig_mod.")
_NAMED = 3  # of each kind of mismatch
_COUNTERS = "num_batches_tracked"  # of batch normalisation: older files lack them, and answers don't depend on them


def read_weights(path: Path) -> State:
    """Read tensors by name from `.safetensors` or from what `torch.save` writes; nothing in the file is executed.

    Raises:
        SourceUnusable: no such file, a damaged one, one with Python objects, or one without tensors.

    >>> read_weights(Path("resnet18.pth"))["fc.weight"].shape
    torch.Size([1000, 512])
    """
    if not path.is_file():
        raise SourceUnusable(f"expected a file of weights at {path}, there is none; check the path")
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    for _ in range(2):  # a training script's checkpoint may hold a wrapper's
        inner = next((content[key] for key in NESTED_UNDER if isinstance(content.get(key), Mapping)), None)
        content = content if inner is None else cast("dict[str, Any]", inner)
    keys = {type(key).__name__ for key in cast("dict[object, Any]", content)} - {"str"}
    if keys:
        raise SourceUnusable(
            f"expected tensors by name in {path}, got keys of type {', '.join(sorted(keys))}; save network.state_dict()"
        )
    if not content or not all(isinstance(value, Tensor) for value in content.values()):
        kinds = sorted({type(value).__name__ for value in content.values()})
        raise SourceUnusable(
            f"expected tensors by name in {path}, directly or under {', '.join(NESTED_UNDER)}, got "
            f"{', '.join(kinds) or 'nothing'}; save network.state_dict()"
        )
    return content


def put(network: nn.Module, state: State, origin: str, advice: str = "name the network that they belong to") -> None:
    """Load `state` into `network`, of which all keys and shapes must agree apart from a wrapper's prefix.

    Raises:
        WeightsMismatch: with the missing, unexpected and misshapen keys.
    """
    expected = network.state_dict()
    state = _unwrapped(state, expected)
    misshapen = {
        key: f"{key} expected {_shape(expected[key])} got {_shape(state[key])}"
        for key in expected.keys() & state.keys()
        if expected[key].shape != state[key].shape
    }
    for key in misshapen:
        del state[key]
    result = cast(Any, network.load_state_dict(state, strict=False))
    absent = cast("list[str]", result.missing_keys)
    kinds: dict[str, list[str]] = {
        "missing": [key for key in absent if key not in misshapen and not key.endswith(_COUNTERS)],
        "unexpected": list(result.unexpected_keys),
        "misshapen": sorted(misshapen.values()),
    }
    if any(kinds.values()):
        found = "; ".join(f"{len(keys)} {kind} ({_some(keys)})" for kind, keys in kinds.items() if keys)
        raise WeightsMismatch(f"expected the {len(expected)} weights of {origin}, got a mismatch: {found}; {advice}")


def described(path: Path) -> str:
    """The file and its hash, one phrase for the card."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return f"{path.name}, sha256 {digest.hexdigest()[:16]}…"


def _read_safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors import torch as safetensors_torch

    try:
        return dict(cast(Any, safetensors_torch).load_file(path))
    except (SafetensorError, OSError) as error:
        raise SourceUnusable(f"expected a safetensors file at {path}, got {_line(error)}; save it again") from error


def _read_torch(path: Path) -> dict[str, Any]:
    if _is_torchscript(path):
        raise SourceUnusable(
            f"expected a file of tensors at {path}, got a TorchScript program; save its weights where you trust it: "
            "torch.save(torch.jit.load(path).state_dict(), 'weights.pth')"
        )
    try:
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        got = f"one that holds the Python object {named[1]}" if named else f"another one ({_line(error)})"
        raise SourceUnusable(
            f"expected a file of tensors at {path}, got {got}; "
            "save network.state_dict(), or use safetensors.torch.save_file"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise SourceUnusable(f"expected a file that torch.save wrote at {path}, got {_line(error)}") from error
    if not isinstance(content, Mapping):
        raise SourceUnusable(
            f"expected tensors by name in {path}, got {type(content).__name__}; save network.state_dict()"
        )
    return cast("dict[str, Any]", content)


def _is_torchscript(path: Path) -> bool:
    try:
        with ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (BadZipFile, OSError):
        return False


def _unwrapped(state: State, expected: Mapping[str, Tensor]) -> State:
    """`state` without the wrappers' prefixes, as many of them as make the most keys match."""
    best = state
    for wrappers in (order for count in range(len(PREFIXES) + 1) for order in permutations(PREFIXES, count)):
        stripped = _copied(state)
        for prefix in wrappers:
            consume_prefix_in_state_dict_if_present(stripped, prefix)
        if best is state or len(stripped.keys() & expected.keys()) > len(best.keys() & expected.keys()):
            best = stripped
    return best


def _copied(state: State) -> State:
    copy = OrderedDict(state)
    metadata = getattr(state, "_metadata", None)  # versions of modules: some rename the keys of older ones
    if metadata is not None:
        cast(Any, copy)._metadata = OrderedDict(metadata)
    return copy


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:_NAMED]) + (", …" if len(keys) > _NAMED else "")


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__

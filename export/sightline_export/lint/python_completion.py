"""What `auto_complete_config` of a Python model adds, read from its source where that is written out plainly."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any, cast

from sightline_backend.model_config import Config
from sightline_export.lint.config_text import normalised
from sightline_export.lint.python_source import method, model_class

_KEYS = {"name", "data_type", "dims", "optional"}


class Refused(Exception):
    """Triton's own helper refuses what the source adds. line: of the source."""

    def __init__(self, line: int, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, got {found}")
        self.line, self.expected, self.found = line, expected, found


def completed(tree: ast.Module, config: Config) -> Config | None:
    """The configuration after `auto_complete_config`; None where the source does not say it plainly.

    Raises:
        Refused: it contradicts the configuration.
    """
    owner = model_class(tree)
    function = method(owner, "auto_complete_config") if owner else None
    if function is None:
        return config
    config = copy.deepcopy(config)
    known: dict[str, Any] = dict(_literals([*tree.body, *(owner.body if owner else [])]))
    try:
        _run(function.body, known, config, guarded=False)
    except _Unclear:
        return None
    return normalised(config)


class _Unclear(Exception):
    """The source does something that is not followed."""


def _run(body: list[ast.stmt], known: dict[str, Any], config: Config, *, guarded: bool) -> None:
    for node in body:
        known |= dict(_literals([node]))
        if isinstance(node, ast.For):
            if any(_adds(child) for child in ast.walk(node)):
                for value in _sequence(node.iter, known):
                    _run(node.body, known | {_name(node.target): value}, config, guarded=guarded)
        elif isinstance(node, ast.If):
            _run(node.body, known, config, guarded=True)
            if any(_adds(child) for child in ast.walk(ast.Module(node.orelse, []))):
                raise _Unclear
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            _call(node.value, known, config, guarded=guarded)
        elif any(_adds(child) for child in ast.walk(node)) or _edits(node):
            raise _Unclear


def _call(call: ast.Call, known: dict[str, Any], config: Config, *, guarded: bool) -> None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in ("add_input", "add_output"):
        entry = _value(call.args[0], known) if len(call.args) == 1 and not call.keywords else None
        if not isinstance(entry, dict):
            raise _Unclear
        _add(call.lineno, cast(Config, entry), config, name.removeprefix("add_"), guarded=guarded)
    elif name == "set_max_batch_size":
        size = _value(call.args[0], known) if len(call.args) == 1 else None
        if not isinstance(size, int):
            raise _Unclear
        if config["max_batch_size"] > size:
            raise Refused(call.lineno, f"a max_batch_size of at most {size}", str(config["max_batch_size"]))
        config["max_batch_size"] = size
    elif name == "set_dynamic_batching":
        if "sequence_batching" in config:
            raise Refused(
                call.lineno, "no sequence_batching where the model sets dynamic batching", "sequence_batching"
            )
        config.setdefault("dynamic_batching", {})
    elif name == "set_model_transaction_policy":
        policy = _value(call.args[0], known) if len(call.args) == 1 else None
        if not isinstance(policy, dict):
            raise _Unclear
        config["model_transaction_policy"] = cast(Config, policy)
    elif name.startswith("set_") or _edits(ast.Expr(call)):
        raise _Unclear


def _add(line: int, entry: Config, config: Config, way: str, *, guarded: bool) -> None:
    allowed = _KEYS if way == "input" else _KEYS - {"optional"}
    if set(entry) - allowed or not {"name", "data_type", "dims"} <= set(entry):
        raise Refused(line, f"{', '.join(sorted(allowed))} in each {way}", ", ".join(sorted(entry)))
    for there in config[way]:
        if there["name"] == entry["name"]:
            if guarded:
                return
            for key in ("data_type", "dims"):
                if there[key] not in ("TYPE_INVALID", []) and there[key] != entry[key]:
                    raise Refused(line, f"{key} {entry[key]} for {entry['name']} in config.pbtxt too", str(there[key]))
            there.update(entry)
            return
    config[way].append(dict(entry))


def _adds(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith(("add_", "set_"))
    )


def _edits(node: ast.stmt) -> bool:
    """Whether a statement writes into a dictionary, as the one behind the configuration may be."""
    return any(isinstance(child, ast.Subscript) and isinstance(child.ctx, ast.Store) for child in ast.walk(node))


def _literals(body: list[ast.stmt]) -> Iterator[tuple[str, Any]]:
    for node in body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            try:
                yield node.targets[0].id, ast.literal_eval(node.value)
            except ValueError:
                continue


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, ast.Attribute) and node.attr in known:
        return known[node.attr]
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise _Unclear from None


def _sequence(node: ast.expr, known: dict[str, Any]) -> list[Any]:
    value = _value(node, known)
    if not isinstance(value, list | tuple):
        raise _Unclear
    return list(cast("list[Any]", value))


def _name(target: ast.expr) -> str:
    if not isinstance(target, ast.Name):
        raise _Unclear
    return target.id

"""How requests are queued and batched: max_batch_size, dynamic_batching, sequence_batching, response cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sightline_backend.model_config import Config, section
from sightline_export.lint.edits import removal, replacement
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.sequences import check_preferred, check_sequences


def check_scheduling(model: Model) -> Iterator[Finding]:
    if model.max_batch_size < 0:
        yield model.error(
            "max-batch-size",
            ("max_batch_size",),
            "a max_batch_size of 0 or more",
            str(model.max_batch_size),
            "write 0 for a model without batching",
        )
    if "dynamic_batching" in model.config:
        batching = section(model.config, "dynamic_batching")
        yield from check_preferred(model, ("dynamic_batching", "preferred_batch_size"), batching)
        yield from _check_priorities(model, batching)
        yield from _check_order(model, batching)
    if "sequence_batching" in model.config:
        yield from check_sequences(model, section(model.config, "sequence_batching"))
    yield from _check_cache(model)
    yield from _check_decoupled(model)


def _check_priorities(model: Model, batching: Config) -> Iterator[Finding]:
    levels, default = int(batching["priority_levels"]), int(batching["default_priority_level"])
    if not levels:
        return
    if not 1 <= default <= levels:
        yield model.error(
            "priority-levels",
            ("dynamic_batching", "default_priority_level"),
            f"a default_priority_level from 1 to priority_levels, which is {levels}",
            str(default),
            "set default_priority_level",
        )
    for level in section(batching, "priority_queue_policy"):
        if not 1 <= int(level) <= levels:
            yield model.error(
                "priority-levels",
                ("dynamic_batching", "priority_queue_policy"),
                f"policies for levels 1 to {levels}",
                f"level {level}",
                "correct its key",
            )


def _check_order(model: Model, batching: Config) -> Iterator[Finding]:
    if not batching["preserve_ordering"]:
        return
    where = ("dynamic_batching", "preserve_ordering")
    edit = "take preserve_ordering out"
    changes = removal(model.fields, where)
    if int(batching["priority_levels"]) > 1:
        yield model.error(
            "preserve-ordering",
            where,
            "one priority level where the order is preserved",
            str(batching["priority_levels"]),
            edit,
            changes,
        )
    policies = [section(batching, "default_queue_policy"), *section(batching, "priority_queue_policy").values()]
    if any(
        policy.get("default_timeout_microseconds") and policy.get("timeout_action") == "DELAY" for policy in policies
    ):
        yield model.error(
            "preserve-ordering", where, "no timeout_action DELAY where the order is preserved", "DELAY", edit, changes
        )


def _check_decoupled(model: Model) -> Iterator[Finding]:
    backend = str(model.config["backend"])
    if section(model.config, "model_transaction_policy").get("decoupled") and backend not in ("", "python"):
        where = ("model_transaction_policy", "decoupled")
        yield model.error(
            "decoupled",
            where,
            f"one answer to each request of a model of {backend}",
            "decoupled: true, so that every request fails",
            "write decoupled: false",
            replacement(model.fields, where, "false"),
            answers=True,
        )


def _check_cache(model: Model) -> Iterator[Finding]:
    if not section(model.config, "response_cache").get("enable"):
        return
    changes = replacement(model.fields, ("response_cache", "enable"), "false")
    decoupled: Any = section(model.config, "model_transaction_policy").get("decoupled")
    for kind, is_so in (("sequence_batching", "sequence_batching" in model.config), ("decoupled", decoupled)):
        if is_so:
            yield model.error(
                "response-cache",
                ("response_cache",),
                f"no response cache for a model with {kind}",
                "enable: true",
                "write enable: false",
                changes,
            )

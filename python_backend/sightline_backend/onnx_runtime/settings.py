"""The options of a session, read from a model's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sightline_backend.errors import ParameterError
from sightline_backend.model_config import string_parameters
from sightline_backend.onnx_runtime.values import parse_bool, parse_int

GraphLevel = Literal["disabled", "basic", "extended", "all"]

_GRAPH_LEVELS: dict[int, GraphLevel] = {-1: "basic", 1: "extended", 2: "disabled"}
_ARENA_SHRINKAGE = "memory.enable_memory_arena_shrinkage"

# A pool that spins burns its core between requests. In the C++ backend all models are threads of one process; here
# each instance is a process with a pool of its own, beside the codecs' processes, often on very few cores.
_NO_SPINNING = {"session.intra_op.allow_spinning": "0", "session.inter_op.allow_spinning": "0"}


def _no_entries() -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class SessionSettings:
    """Everything that a session is opened with, apart from its execution providers."""

    graph_level: GraphLevel = "all"
    parallel: bool = False
    intra_op_threads: int = 0
    """0: as many as `physical_cores`; the same holds for `inter_op_threads`."""
    inter_op_threads: int = 0
    cpu_mem_arena: bool = False
    mem_pattern: bool | None = None
    session_entries: dict[str, str] = field(default_factory=_no_entries)
    run_entries: dict[str, str] = field(default_factory=_no_entries)
    op_libraries: tuple[str, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> SessionSettings:
        """Read the settings from a model's configuration; parameters that are not ours are left alone.

        Any parameter whose name begins with `session.` becomes an entry of the session's configuration.

        Raises:
            ParameterError: a value can't be used; texts as in the C++ backend.
        """
        parameters = string_parameters(config)
        mode = parse_int(parameters.get("execution_mode", "0"))
        if mode not in (0, 1):
            raise ParameterError(
                f"Invalid configuration value provided. Expected values for  execution_mode are 0 or 1 but got {mode} ."
            )
        level = int(config.get("optimization", {}).get("graph", {}).get("level", 0))
        return cls(
            graph_level=_GRAPH_LEVELS.get(level, "all"),
            parallel=mode == 1,
            intra_op_threads=max(0, parse_int(parameters.get("intra_op_thread_count", "0"))),
            inter_op_threads=max(0, parse_int(parameters.get("inter_op_thread_count", "0"))),
            cpu_mem_arena=_cpu_mem_arena(parameters),
            mem_pattern=_optional_bool(parameters, "enable_mem_pattern"),
            session_entries=_NO_SPINNING
            | {key: value for key, value in parameters.items() if key.startswith("session.")},
            run_entries={key: value for key, value in parameters.items() if key == _ARENA_SHRINKAGE},
            op_libraries=tuple(config.get("model_operations", {}).get("op_library_filename", ())),
        )


def _cpu_mem_arena(parameters: Mapping[str, str]) -> bool:
    """Off unless asked for: the arena is as fast as the C library, but never gives back what one large batch took."""
    chosen = _optional_bool(parameters, "enable_mem_arena")
    return _ARENA_SHRINKAGE in parameters if chosen is None else chosen


def _optional_bool(parameters: Mapping[str, str], key: str) -> bool | None:
    return parse_bool(parameters[key]) if key in parameters else None

"""Counts of what one call does that are the same on a busy machine as on an idle one.

Instructions of the interpreter and calls of libraries are counted in our code only: another version of Pillow or numpy
changes neither. Memory is counted wherever it is taken, for the function of ours that was running.
"""

from __future__ import annotations

import gc
import inspect
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any, cast

from PIL import Image

Work = Mapping[str, Mapping[str, int]]
"""How much of what each function of ours does: INSTRUCTIONS, ARRAYS, PIXELS, and calls, as `package.function()`."""

INSTRUCTIONS = "instructions"
ARRAYS = "bytes of Python and numpy"
"""In pieces of at least 4 KiB, kept or not; smaller ones vary, and cost no more than an instruction."""
PIXELS = "bytes of Pillow's pictures"

OURS = ("sightline.", "sightline_backend.", "tests.guard.slowdowns.")
# What these do costs no more than the instructions that ask for it.
_NOT_COUNTED = ("builtins.", "contextlib.", "namedtuple_", "typing.", *OURS)
_WARM_UP = 3
_LEAST_BYTES = 4096
_BLOCK_BYTES = 16384  # Pillow takes memory in whole blocks
_pillow = cast("Any", Image.core)


def count(call: Callable[[], object]) -> Work:
    """Count what each function of ours does in `call`, in this thread; it is made a few times before."""
    for _ in range(_WARM_UP):
        call()
    observer = _Observer()
    block_bytes = _pillow.get_block_size()
    _pillow.set_block_size(_BLOCK_BYTES)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        observer.watch(call)
    finally:
        tracemalloc.stop()
        gc.enable()
        _pillow.set_block_size(block_bytes)
    return {name: dict(+done) for name, done in sorted(observer.work.items())}


class _Observer:
    """Charges each instruction, and the memory taken since the one before, to the function that it belongs to."""

    def __init__(self) -> None:
        self.work: dict[str, Counter[str]] = {}
        self._names: dict[CodeType, str] = {}
        self._current: Counter[str] = Counter()  # before the first function of ours
        self._held_bytes = self._blocks = 0
        self._step = self._on_step

    def watch(self, call: Callable[[], object]) -> None:
        before = sys.gettrace(), sys.getprofile()
        # Python 3.12 looks for instructions only if a frame asked for them before.
        cast("FrameType", inspect.currentframe()).f_trace_opcodes = True
        sys.setprofile(self._on_c_call)
        sys.settrace(self._on_call)
        try:
            call()  # fills tables, here and in the interpreter, whose growth would be counted
            for done in self.work.values():
                done.update({what: -number for what, number in done.items()})
            self._look_at_memory()
            call()
        finally:
            sys.settrace(before[0])
            sys.setprofile(before[1])

    def _on_call(self, frame: FrameType, event: str, arg: object) -> Any:
        if self._name(frame):
            frame.f_trace_lines, frame.f_trace_opcodes = False, True
            return self._step(frame, event, arg)
        if frame.f_back and (caller := self._name(frame.f_back)):
            self._add_call(caller, str(frame.f_globals.get("__name__")), frame.f_code.co_name)
        return None

    def _on_c_call(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "c_call" and (caller := self._name(frame)):
            self._add_call(caller, arg.__module__ or type(arg.__self__).__module__, arg.__name__)

    def _on_step(self, frame: FrameType, event: str, arg: object) -> Any:
        grown_bytes, blocks = tracemalloc.get_traced_memory()[1] - self._held_bytes, self._blocks
        self._look_at_memory()
        if grown_bytes >= _LEAST_BYTES:
            self._current[ARRAYS] += grown_bytes
        if self._blocks != blocks:
            self._current[PIXELS] += (self._blocks - blocks) * _BLOCK_BYTES
        self._current = self.work.setdefault(self._name(frame), Counter())
        self._current[INSTRUCTIONS] += event == "opcode"
        return self._step

    def _look_at_memory(self) -> None:
        self._blocks = _pillow.get_stats()["allocated_blocks"]
        tracemalloc.reset_peak()
        self._held_bytes = tracemalloc.get_traced_memory()[0]

    def _name(self, frame: FrameType) -> str:
        """Of a function of ours, or else empty; what is written inside a function counts as that function."""
        code = frame.f_code
        if code not in self._names:
            function = getattr(code, "co_qualname", code.co_name).replace(
                "__create_fn__.<locals>.", ""
            )  # of a dataclass
            name = f"{frame.f_globals.get('__name__')}.{function}"
            self._names[code] = name.partition(".<locals>")[0] if name.startswith(OURS) else ""
        return self._names[code]

    def _add_call(self, caller: str, module: str, function: str) -> None:
        if not f"{module}.".startswith(_NOT_COUNTED):
            package = module.partition(".")[0].lstrip("_")
            self.work.setdefault(caller, Counter())[f"{package}.{function}()"] += 1

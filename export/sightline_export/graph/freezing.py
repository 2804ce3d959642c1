"""The line that turns the batch size into a number, found by tracing once more and listening."""

from __future__ import annotations

import logging
import re
import traceback
import warnings

import torch
from torch import Tensor, nn
from torch.export import Dim

from sightline_export.graph.source_line import is_own, written

_LOGGER = "torch.fx.experimental.symbolic_shapes"
_FROZEN = re.compile(r"(eval Eq\(\w+, \d+\) \[guard added\]|set_replacement \w+ = \d+)")


def where_frozen(network: nn.Module, example: tuple[Tensor, ...]) -> str | None:
    """`file.py:12: the code there` where forward() fixes the batch size; None where PyTorch does not tell.

    The tracer says so only in its log, while it stands on that very line.
    """
    listener = _Listener()
    logger = logging.getLogger(_LOGGER)
    level, propagate, handlers = logger.level, logger.propagate, logger.handlers[:]
    logger.handlers[:] = [listener]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.export.export(
                network.eval(), example, dynamic_shapes=tuple({0: Dim("batch")} for _ in example), strict=False
            )
    except Exception:  # that it fails is known; only the log is of interest
        return listener.place
    finally:
        logger.handlers[:] = handlers
        logger.propagate = propagate
        logger.setLevel(level)
    return listener.place


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.place: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.place is None and _FROZEN.match(record.getMessage()):
            stack = traceback.extract_stack()
            inside = next((index for index, frame in enumerate(stack) if frame.filename == __file__), 0)
            own = [frame for frame in stack[inside:] if is_own(frame.filename) and frame.filename != __file__]
            if own:
                self.place = written(own[-1].filename, own[-1].lineno or 0)

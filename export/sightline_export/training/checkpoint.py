"""Saving a training run every few seconds, so that it can be stopped and resumed."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import torch


class Checkpoint:
    """A run's state in one file: tensors and plain values only, loaded without unpickling code.

    `key` describes the run (settings, data, seed); a file of another run is not resumed but overwritten.
    `interval_s`: seconds between two savings at least, because the state of a large network takes a while to write.
    """

    def __init__(self, path: Path, key: str, interval_s: float = 10.0) -> None:
        self.path = path
        self.key = key
        self.interval_s = interval_s
        self._saved_at = time.monotonic()

    def save_if_due(self, state: Callable[[], Mapping[str, Any]]) -> None:
        """Save what `state()` gives when the last saving is long enough ago."""
        if time.monotonic() - self._saved_at >= self.interval_s:
            self.save(state())
            self._saved_at = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """The saved state, or None where there is none for this key."""
        try:
            state = cast(dict[str, Any] | None, torch.load(self.path, weights_only=True))
        except FileNotFoundError:
            return None
        except Exception:
            # Whatever the file is, it isn't a checkpoint of ours: start afresh rather than fail.
            return None
        return state if isinstance(state, dict) and state.get("key") == self.key else None

    def save(self, state: Mapping[str, Any]) -> None:
        """Write beside, then rename: a crash leaves the previous checkpoint."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(f".{os.getpid()}.partial")
        torch.save({"key": self.key, **state}, beside)
        beside.replace(self.path)

"""Saving a training run every few seconds, so that it can be stopped and resumed."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

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
        self._earlier_s = 0.0
        self._begun_at = self._saved_at = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the run has taken, since it was begun and before it was stopped."""
        return self._earlier_s + time.monotonic() - self._begun_at

    def trouble(self) -> str | None:
        """Why nothing can be resumed although there is a file, for whoever waits; None where all is well."""
        try:
            self._read(mmap=True)
        except FileNotFoundError:
            return None
        except Exception as error:  # of PyTorch, zipfile and pickle, which share no base
            return (
                f"expected the saved state of a training in {self.path}, got a file that can't be read "
                f"({type(error).__name__}); training begins anew and overwrites it"
            )
        return None

    def load(self) -> dict[str, Any] | None:
        """The saved state, or None where there is none for this key."""
        try:
            saved = self._read()
        except Exception:  # there is none, or it is no checkpoint of ours, as `trouble` says
            return None
        if saved.pop("key", None) != self.key:
            return None
        self._earlier_s = float(saved.pop("seconds", 0.0))
        return saved

    def save_if_due(self, state: Callable[[], Mapping[str, Any]]) -> None:
        """Save what `state()` gives when the last saving is long enough ago."""
        if time.monotonic() - self._saved_at >= self.interval_s:
            self.save(state())
            self._saved_at = time.monotonic()

    def save(self, state: Mapping[str, Any]) -> None:
        """Write beside, then rename: a crash leaves the previous checkpoint."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(f".{os.getpid()}.partial")
        torch.save({"key": self.key, "seconds": self.seconds, **state}, beside)
        beside.replace(self.path)

    def _read(self, *, mmap: bool = False) -> dict[str, Any]:
        """mmap: leave the tensors on the disk. A state that a GPU saved is read on a machine without one, too."""
        return dict(torch.load(self.path, map_location="cpu", weights_only=True, mmap=mmap))

"""A log for TensorBoard, beside what is shown on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sightline_export.errors import SourceUnusable
from sightline_export.transfer.fine_tuning import TunedEpoch


def logged(epochs: Iterator[TunedEpoch], folder: Path) -> Iterator[TunedEpoch]:
    """Hand on `epochs` and write the figures and the learning rate of each into `folder`.

    Raises SourceUnusable where the folder can't be written.
    """
    from tensorboardX import SummaryWriter

    try:
        writer = SummaryWriter(str(folder))
    except OSError as error:
        raise SourceUnusable(
            f"expected a folder for the log that can be written at {folder}, got {error.strerror}; choose another "
            "with --log-dir"
        ) from error
    try:
        for epoch in epochs:
            for name, value in {**epoch.figures, "learning_rate": epoch.learning_rate}.items():
                writer.add_scalar(f"training/{name}", value, epoch.number)
            writer.flush()
            yield epoch
    finally:
        writer.close()

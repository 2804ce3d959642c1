"""From a trained network and a folder of labelled pictures to a published model for the classes of that folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from torch import nn

from sightline_export.candidate import from_pytorch
from sightline_export.datasets.labelled import labelled
from sightline_export.datasets.labelled_pictures import LabelledPictures
from sightline_export.datasets.sample_pictures import pictures_of
from sightline_export.errors import SourceUnusable
from sightline_export.explanation.entry import SMALL
from sightline_export.exporter import claim, explain
from sightline_export.held_out import measured_on
from sightline_export.measures.figures import Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.recipes.classifier import FOLDER_LIMITS
from sightline_export.release import Doing, Done, Setting, release
from sightline_export.sheets.classifier import classifier_sheet
from sightline_export.sources import Choices, default_name
from sightline_export.sources.names import valid_name
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.transfer.fine_tuning import FineTuning, TunedEpoch, describe, fine_tune
from sightline_export.transfer.head import head_of, with_new_head
from sightline_export.transfer.pictures import TrainingPictures
from sightline_export.transfer.start import Start, load_start
from sightline_export.transfer.tensorboard import logged
from sightline_export.verification.parity import Runtime


@dataclass(frozen=True)
class Order:
    """source, choices: where training starts, see :func:`sightline_export.transfer.start.load_start`.

    data: a folder of labelled pictures. save_weights: where the trained weights are written besides, as safetensors.
    checkpoints: the folder where a run that was stopped goes on from. log: the folder of TensorBoard's log.
    """

    source: str
    data: Path
    choices: Choices
    settings: FineTuning
    setting: Setting
    checkpoints: Path
    log: Path
    save_weights: Path | None = None

    @property
    def name(self) -> str:
        """What the model is called."""
        if self.choices.name is not None:
            return self.choices.name
        return valid_name(f"{default_name(self.source) or self.source}_{self.data.resolve().name}")


def train(order: Order) -> Iterator[TunedEpoch | Doing | Done]:
    """Fine-tune, then publish as :func:`sightline_export.release.release` does, reporting each epoch and step.

    Raises SourceUnusable, UnknownSource, WeightsMismatch, and what an export raises.
    """
    data = labelled(order.data)
    start = load_start(order.source, replace(order.choices, name=None))
    settings = replace(order.settings, fresh=start.fresh)
    if settings.fresh and settings.freeze:
        raise SourceUnusable(
            f"expected weights to keep with --freeze, got {order.source} with random ones; add --pretrained or "
            "--weights"
        )
    spec = _spec(start, data, order.name)
    version = claim(spec, order.setting)  # before hours are spent on it
    known = "random weights, so everything has to be learned: --pretrained or --weights would help"
    yield Done(
        f"read {len(data.train):,} training and {len(data.held_out):,} held-out pictures of {len(data.labels)} classes"
    )
    yield Done(f"starting from {start.origin}, {known if settings.fresh else start.weights}")

    network = start.network
    torch.manual_seed(settings.seed)
    head = with_new_head(network, head_of(network, start.spec), len(data.labels))
    key = f"{start.origin} {start.weights} {spec.pixels} {spec.normalisation} {describe(settings)}"
    checkpoint = Checkpoint(order.checkpoints / f"{spec.name}.train.pt", f"{key} {data.train.fingerprint}")
    if trouble := checkpoint.trouble():
        yield Done(trouble)
    pictures = TrainingPictures(
        data.train, spec.pixels, smallest_crop=settings.smallest_crop, flip=settings.flip or data.mirrored
    )
    yield Doing("training")
    yield from logged(
        fine_tune(
            network,
            head,
            pictures,
            torch.from_numpy(data.train.labels),
            spec.normalisation,
            start.logits,
            settings,
            checkpoint,
        ),
        order.log / spec.name,
    )
    trained_s = checkpoint.seconds
    yield Done(f"trained in {trained_s:.0f} s, logged in {order.log / spec.name}")
    if order.save_weights is not None:
        _save(network, order.save_weights)
        yield Done(f"wrote the weights to {order.save_weights}")

    def measure(model: Runtime) -> Measurement:
        return measured_on(data.held_out, data.labels, model, f"the held-out part of {data.name}")

    def draw(model: Runtime) -> Image.Image:
        return classifier_sheet(data.held_out, data.labels, model)

    first = "random weights" if settings.fresh else f"{start.origin} ({start.weights})"
    weights = f"trained by this export in {trained_s:.0f} s, starting from {first}"
    candidate = from_pytorch(spec, network, f"{start.origin} on {data.name}", weights)
    yield from release(candidate, order.setting, version, measure, draw)
    if max(spec.pixels.shape) <= SMALL:  # heat maps of larger ones take minutes to verify
        yield from explain(spec, order.setting)
    checkpoint.path.unlink(missing_ok=True)


def _spec(start: Start, data: LabelledPictures, name: str) -> ModelSpec:
    before = start.spec
    try:
        return replace(
            before,
            name=name,
            summary=f"{data.name}, fine-tuned from {start.origin}",
            labels=data.labels,
            pictures=pictures_of(data.held_out),
            data=data.source if start.fresh else f"{data.source}. Before, its start weights: {before.data}",
            licence=f"{before.licence}; {data.name}: not stated",
            limits=FOLDER_LIMITS,
            trained_on_part=True,
        )
    except ValueError as error:
        raise SourceUnusable(f"{error}; choose another with --name") from error


def _save(network: nn.Module, file: Path) -> None:
    from safetensors import torch as safetensors_torch

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        state = {name: tensor.contiguous().clone() for name, tensor in network.state_dict().items()}
        cast(Any, safetensors_torch).save_file(state, file)
    except OSError as error:
        raise SourceUnusable(
            f"expected a place for the weights that can be written at {file}, got {error.strerror or error}; choose "
            "another with --save-weights"
        ) from error

"""Where fine-tuning starts: a network with its weights, from a library, a file of one's own, or a recipe."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

from torch import nn

from sightline_export.errors import SourceUnusable, WeightsMismatch
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Recipe, find
from sightline_export.sources import Choices, is_source, load
from sightline_export.sources.metadata import RANDOM
from sightline_export.sources.network import seeded
from sightline_export.sources.weights import described, put, read_weights
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.transfer.head import head_of, with_new_head


@dataclass(frozen=True, eq=False)
class Start:
    """A classifier that was trained on something else, or not at all.

    network: float32 (B, c, h, w) of normalised pixels to (B, k), or to that and more. origin: what the user typed.
    weights: where they come from, one phrase. logits: whether it gives logits rather than probabilities.
    """

    spec: ModelSpec
    network: nn.Module
    origin: str
    weights: str
    logits: bool = True

    @property
    def fresh(self) -> bool:
        """Whether the weights are random: everything has to be learned then."""
        return self.weights == RANDOM


def load_start(source: str, choices: Choices) -> Start:
    """The classifier that `source` names, with the weights that `choices` say.

    source: `torchvision:NAME`, `timm:NAME`, `path/to/file.py:factory`, or the name of a recipe such as `lenet`. The
        weights may be for another number of classes than the network has.

    Raises:
        UnknownSource: there is no such model or recipe.
        SourceUnusable: it is no classifier, or it is an ONNX file, whose weights can't be trained.
        WeightsMismatch: the weights are another network's.

    >>> load_start("lenet", Choices(weights=Path("lenet.safetensors"))).weights
    'lenet.safetensors, sha256 5e3c0d7a1b2c4d6f…'
    """
    if source.lower().endswith(".onnx"):
        raise SourceUnusable(
            f"expected a PyTorch network to train, got the ONNX graph {source}; name the network that it was made of, "
            "such as torchvision:resnet18, and its --weights"
        )
    return _of_library(source, choices) if is_source(source) else _of_recipe(source, choices)


def _of_library(source: str, choices: Choices) -> Start:
    try:
        imported = load(source, choices)
    except WeightsMismatch:
        if choices.weights is None:
            raise
        # They may be for other classes than the library's.
        return _with_weights(_of_library(source, replace(choices, weights=None)), choices.weights)
    spec, network = imported.spec, imported.network
    if not isinstance(spec.task, ImageClassification) or not isinstance(network, nn.Module):
        raise SourceUnusable(f"expected a classifier to train, got {source} for {spec.task.id}; choose another source")
    return Start(spec, network, imported.origin, imported.weights, spec.task.logits)


def _of_recipe(name: str, choices: Choices) -> Start:
    recipe = find(name)
    taken = replace(choices, name=None, weights=None, max_batch_size=None)
    given = [option.name.replace("_", "-") for option in fields(Choices) if getattr(taken, option.name)]
    if given:
        raise SourceUnusable(
            f"expected --{given[0]} with a source such as torchvision:resnet18, got the recipe {name}, which says this "
            "itself; leave it out"
        )
    if not isinstance(recipe, Recipe) or not isinstance(recipe.spec.task, ImageClassification):
        raise SourceUnusable(f"expected a classifier to train, got the recipe {name}, which is none; try lenet")
    # What a file of weights was trained on, and under which terms, is not the recipe's to say.
    spec = replace(recipe.spec, data="not stated", licence="not stated")
    if choices.max_batch_size is not None:
        spec = replace(spec, max_batch_size=choices.max_batch_size)
    with seeded():
        start = Start(spec, recipe.build().eval(), f"recipe {name}", RANDOM)
    return start if choices.weights is None else _with_weights(start, choices.weights)


def _with_weights(start: Start, file: Path) -> Start:
    """`start` with the weights of a file, whose last layer may have another number of classes."""
    state = read_weights(file)
    head = head_of(start.network, start.spec)
    rows = state.get(f"{head}.weight")
    if rows is not None and rows.ndim > 1:
        with_new_head(start.network, head, len(rows))
    put(start.network, state, start.origin)
    return replace(start, weights=described(file))

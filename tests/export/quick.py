"""A recipe that trains in a second, for tests of everything around training."""

from dataclasses import replace

import numpy as np

from sightline_export.measures.figures import Figure, Measurement
from sightline_export.models.cnn import CNN, CNNConfig
from sightline_export.recipe import Evaluation, Recipe
from sightline_export.recipes.digit_classifier import digit_classifier
from sightline_export.repository.golden import stack
from sightline_export.training.classifier import ClassifierSettings


def make_quick_recipe() -> Recipe:
    """`cnn` with few weights and one epoch, held to no accuracy."""
    config = CNNConfig(widths=(4, 4), hidden=16)
    recipe = digit_classifier("quick", "a test", "none", CNN, config, ClassifierSettings(epochs=1, batch_size=256))

    def evaluate(evaluation: Evaluation) -> Measurement:
        scores = evaluation.model(stack(recipe.spec.task.requests(recipe.spec, 8)))["SCORES"]
        return Measurement((Figure("rows that sum to one", float(np.isclose(scores.sum(axis=1), 1).mean()), 1.0),))

    return replace(recipe, evaluate=evaluate, sheet=None, explained_well=False)

"""Which mistake between pixels and answer gives what the service gave?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sightline_export.difference.matching import (
    NEARLY_IN_GRAPH,
    Match,
    Prediction,
    best_match,
    score_difference,
    within,
)
from sightline_export.difference.observations import Answers, Pixels
from sightline_export.difference.reference import Reference
from sightline_export.difference.staged_graph import StagedGraph
from sightline_export.difference.stages import Stage
from sightline_export.difference.variants.colour import colour_variants_in_graph
from sightline_export.difference.variants.postprocess import found_variants, postprocess_variants
from sightline_export.difference.variants.scale import scale_variants
from sightline_export.difference.variants.variant import GraphVariant, Mistake

_LET_PASS = 0.5  # of the difference of the picture that differs most


def graph_variants(graph: StagedGraph, spec_shape: tuple[int, int, int]) -> tuple[GraphVariant, ...]:
    """All known mistakes before the network's output. spec_shape: (h, w, c)."""
    return (*colour_variants_in_graph(spec_shape[2]), *scale_variants(graph, spec_shape))


def explain_graph(reference: Reference, shown: Pixels, told: Answers, expected: Answers) -> Match | None:
    """The mistakes that turn `expected` into `told`, the answers (P, k) to the pixels `shown`, uint8 (P, h, w, c)."""
    distance, is_equal = score_difference(told, expected), within(reference.tolerance)
    worst = max(range(len(shown)), key=lambda i: np.nan_to_num(distance(told[i : i + 1], expected[i : i + 1])))
    one = slice(worst, worst + 1)
    screen = _Screen(shown[one], told[one], _LET_PASS * distance(told[one], expected[one]), distance)
    search = _Search(reference, shown, told, expected, screen)
    alone = best_match(told, expected, search.alone(), distance, is_equal, NEARLY_IN_GRAPH)
    if alone is not None and alone.explained == "exactly":
        return alone
    together = best_match(told, expected, search.together(), distance, is_equal, NEARLY_IN_GRAPH)
    if alone is None or (together is not None and together.left < alone.left / 4):
        return together
    return alone


def explain_answers(expected: Answers, told: Answers, tolerance: float) -> Match | None:
    """The mistakes in postprocessing alone that turn `expected` into `told`, both (P, k)."""

    def predictions() -> Iterator[Prediction]:
        yield from _named(found_variants(expected, told))
        for variant in postprocess_variants(StagedGraph(lambda _: expected, None)):
            yield (variant.mistake,), variant.change(StagedGraph(lambda _: expected, None)).whole(np.empty(0, np.uint8))

    distance = score_difference(told, expected)
    return best_match(told, expected, predictions(), distance, within(tolerance), NEARLY_IN_GRAPH)


def changed(reference: Reference, mistakes: tuple[Mistake, ...]) -> StagedGraph | None:
    """The graph with these mistakes; None where one of them was read off the answers and can't be made again."""
    graph = reference.graph
    known = {v.mistake: v for v in (*graph_variants(graph, reference.spec.shape), *postprocess_variants(graph))}
    if any(mistake.stage == Stage.NETWORK for mistake in mistakes) or not set(mistakes) <= set(known):
        return None
    for mistake in mistakes:
        graph = known[mistake].change(graph)
    return graph


@dataclass(frozen=True, eq=False)
class _Screen:
    """One picture decides whether the others are worth the network's time. pixels: (1, h, w, c), told: (1, k)."""

    pixels: Pixels
    told: Answers
    most: float
    distance: Callable[[Answers, Answers], float]

    def passes(self, answers: Answers) -> bool:
        return self.distance(answers, self.told) <= self.most


@dataclass(frozen=True, eq=False)
class _Search:
    reference: Reference
    shown: Pixels
    told: Answers
    expected: Answers
    screen: _Screen

    def alone(self) -> Iterator[Prediction]:
        graph = self.reference.graph
        for variant in graph_variants(graph, self.reference.spec.shape):
            yield from self._screened((variant.mistake,), variant.change(graph))
        for version, other in self.reference.other_versions().items():
            yield from self._screened((_version(self.reference, version),), other)
        fixed = graph.at(self.shown)
        for variant in postprocess_variants(graph):
            yield (variant.mistake,), variant.change(fixed).whole(self.shown)
        yield from _named(found_variants(self.expected, self.told))

    def together(self) -> Iterator[Prediction]:
        """A mistake before the network, and one after it."""
        graph, told = self.reference.graph, self.screen.told
        after = tuple(postprocess_variants(graph))
        for before in graph_variants(graph, self.reference.spec.shape):
            wrong = before.change(graph)
            one = wrong.at(self.screen.pixels)
            passed = [v for v in after if self.screen.passes(v.change(one).whole(self.screen.pixels))]
            permuted = self._permutation(one.whole(self.screen.pixels), told)
            if not passed and permuted is None:
                continue
            fixed = wrong.at(self.shown)
            for variant in passed:
                yield (before.mistake, variant.mistake), variant.change(fixed).whole(self.shown)
            if found := self._permutation(fixed.whole(self.shown), self.told):
                yield (before.mistake, found[0]), found[1]

    def _permutation(self, answers: Answers, told: Answers) -> tuple[Mistake, Answers] | None:
        """A temperature would be fitted to anything, so it is looked for alone only."""
        found = [(m, a) for m, a in found_variants(answers, told) if m.key == "classes_permuted"]
        return found[0] if found and self.screen.distance(found[0][1], told) <= self.screen.most else None

    def _screened(self, mistakes: tuple[Mistake, ...], graph: StagedGraph) -> Iterator[Prediction]:
        if self.screen.passes(graph.in_batches(self.screen.pixels)):
            yield mistakes, graph.in_batches(self.shown)


def _named(found: Iterator[tuple[Mistake, Answers]]) -> Iterator[Prediction]:
    for mistake, answers in found:
        yield (mistake,), answers


def _version(reference: Reference, version: int) -> Mistake:
    return Mistake(
        Stage.NETWORK,
        f"version_{version}",
        f"answers with version {version} of the network, not version {reference.version}",
        f"load version {reference.version}, or compare with --version {version}",
    )

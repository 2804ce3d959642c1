"""Postprocessing: from the network's own output to the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from sightline_export.difference.staged_graph import StagedGraph
from sightline_export.difference.stages import Stage
from sightline_export.difference.variants.variant import Answers, GraphVariant, Mistake

Change = Callable[[Answers], Answers]


def postprocess_variants(graph: StagedGraph) -> Iterator[GraphVariant]:
    """Some start at the network's raw output, where the graph names it, the others at the answer."""
    for key, cause, advice, change in _OF_RAW if graph.stages else ():
        yield GraphVariant(_mistake(key, cause, advice), _from_raw(change))
    for key, cause, advice, change in _OF_ANSWER:
        yield GraphVariant(_mistake(key, cause, advice), _from_answer(change))


def found_variants(expected: Answers, served: Answers) -> Iterator[tuple[Mistake, Answers]]:
    """Mistakes that are read off the answers: another order of the classes, a temperature. expected, served: (n, k)."""
    if expected.ndim != 2 or expected.shape != served.shape:
        return
    order = _order(expected[0], served[0])
    if order is not None:
        at = int(np.argmax(served[0]))
        cause = f"has the classes in another order: class {order[at]} is answered as class {at}"
        yield _mistake("classes_permuted", cause, "put the classes in the order of training"), expected[:, list(order)]
    if np.allclose(_softmax(served), expected, rtol=1e-2, atol=1e-5) and not np.allclose(served, expected):
        yield _RAW, served
    if np.all(expected > 0) and np.all(served > 0):
        wanted, got = (rows - rows.mean(axis=1, keepdims=True) for rows in (np.log(expected), np.log(served)))
        power = float((wanted * got).sum() / max(float((wanted**2).sum()), 1e-12))
        if power > 0:
            raised = np.exp(power * (np.log(expected) - np.log(expected).max(axis=1, keepdims=True)))
            cause = f"divides the logits by a temperature of {1 / power:.3g}"
            advice = "leave the temperature out, or export the model with it"
            yield _mistake("temperature", cause, advice), raised / raised.sum(axis=1, keepdims=True)


def _order(expected: Answers, served: Answers) -> tuple[int, ...] | None:
    """order[i]: the index in `expected` of what stands at i in `served`."""
    by_expected, by_served = np.argsort(expected, kind="stable"), np.argsort(served, kind="stable")
    order = np.empty(len(expected), np.intp)
    order[by_served] = by_expected
    return None if np.array_equal(order, np.arange(len(order))) else tuple(int(i) for i in order)


def _from_raw(change: Change) -> Callable[[StagedGraph], StagedGraph]:
    return lambda graph: graph.with_postprocessing(change)


def _from_answer(change: Change) -> Callable[[StagedGraph], StagedGraph]:
    return lambda graph: graph.with_answer(change)


def _softmax(x: Answers) -> Answers:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _sigmoid(x: Answers) -> Answers:
    return 1 / (1 + np.exp(-np.clip(x, -80, 80)))


def _log_softmax(x: Answers) -> Answers:
    return np.log(np.maximum(_softmax(x), 1e-38))


def _one_hot(x: Answers) -> Answers:
    return np.eye(x.shape[1])[x.argmax(axis=1)]


def _unit(x: Answers) -> Answers:
    return x / np.maximum(np.sqrt((x**2).sum(axis=1, keepdims=True)), 1e-12)


def _rounded(decimals: int) -> Change:
    return lambda x: np.round(x, decimals)


def _mistake(key: str, cause: str, advice: str) -> Mistake:
    return Mistake(Stage.POSTPROCESSING, key, cause, advice)


_RAW_CAUSE = "gives the network's output as it is, without postprocessing (no softmax, no unit length)"
_ONCE = "apply the graph's own postprocessing, once"
_RAW = _mistake("raw", _RAW_CAUSE, _ONCE)
_OF_RAW: tuple[tuple[str, str, str, Change], ...] = (
    ("raw", _RAW_CAUSE, _ONCE, lambda raw: raw),
    ("softmax", "applies softmax to the network's output, training did not", _ONCE, _softmax),
    ("sigmoid", "applies sigmoid instead of softmax", _ONCE, _sigmoid),
    ("log_softmax", "gives the logarithm of the scores", _ONCE, _log_softmax),
    ("unit_length", "scales the output to unit length, training did not", _ONCE, _unit),
)
_OF_ANSWER: tuple[tuple[str, str, str, Change], ...] = (
    ("softmax_twice", "applies softmax twice", "apply softmax once", _softmax),
    ("sigmoid_after", "applies sigmoid to the scores", "leave the scores as they are", _sigmoid),
    ("one_hot", "gives 1 for the best class and 0 for all others", "answer with the scores", _one_hot),
    ("percent", "gives percent", "give scores from 0 to 1", lambda scores: scores * 100),
    (
        "wrong_axis",
        "applies softmax along the batch, so that every score is 1",
        "apply it along the classes",
        np.ones_like,
    ),
    ("negated", "negates the answer", "leave the sign as it is", np.negative),
    (
        "one_class_later",
        "has an extra class in front",
        "drop the background class",
        lambda scores: np.roll(scores, 1, axis=1),
    ),
    (
        "one_class_earlier",
        "drops the first class",
        "keep the background class",
        lambda scores: np.roll(scores, -1, axis=1),
    ),
    *(
        (f"rounded_{d}", f"rounds the answer to {d} decimals", "give the scores unrounded", _rounded(d))
        for d in (1, 2, 3)
    ),
)

"""From what was seen of a service to the stages that differ. Pure: it asks nothing but the functions it is handed."""

from __future__ import annotations

import numpy as np

from sightline_backend.pixels import decode
from sightline_export.difference.blind_spots import blind_spots
from sightline_export.difference.evidence import answer_evidence, label_evidence
from sightline_export.difference.findings import AnswerEvidence, Finding, Verdict
from sightline_export.difference.judge_graph import explain_answers, explain_graph
from sightline_export.difference.judge_pixels import Shown, explain_pixels, findings_of
from sightline_export.difference.judge_unseen import Unseen
from sightline_export.difference.matching import Match, within
from sightline_export.difference.observations import Answers, Observations, Pixels
from sightline_export.difference.pixel_path import PixelLab
from sightline_export.difference.reference import Reference
from sightline_export.difference.stages import Stage
from sightline_export.difference.unexplained import always_the_same, unexplained_answers


def judge(reference: Reference, data: bytes, seen: Observations) -> Verdict:
    """Name every stage that differs for the picture file `data`, the earliest first.

    Raises sightline_backend.errors.PictureError where training would refuse the picture too.
    """
    findings = _Judge(reference, data, seen).findings()
    return Verdict(
        model=seen.parts.model,
        reference=f"{reference.name} version {reference.version}",
        findings=tuple(sorted(findings, key=lambda finding: finding.stage)),
        compared=_compared(seen),
        blind=blind_spots(data, reference.spec, PixelLab(data, reference.spec).orientation),
    )


class _Judge:
    def __init__(self, reference: Reference, data: bytes, seen: Observations) -> None:
        self.reference, self.data, self.seen = reference, data, seen
        self.expected = decode(data, reference.spec)
        self.is_equal = within(reference.tolerance)
        self.labels = seen.labels or seen.listed_labels or ()

    def findings(self) -> list[Finding]:
        if self.seen.refused is not None:
            return [_refusal(self.seen.refused, self.seen.parts.model)]
        graph_match, graph_findings = self._graph()
        if self.seen.pixels is not None:
            return [*self._pixels(self.seen.pixels), *graph_findings, *self._wiring(), *self._labels()]
        unseen = Unseen(self.reference, self.data, self.seen, self.expected, self.labels)
        return [*unseen.findings(graph_match, graph_findings), *self._labels()]

    def _pixels(self, served: Pixels) -> list[Finding]:
        if np.array_equal(served, self.expected):
            return []
        return explain_pixels(self._shown(), served, f"the step {self.seen.parts.decode_step}")

    def _shown(self) -> Shown:
        return Shown.of(PixelLab(self.data, self.reference.spec), self.expected)

    def _graph(self) -> tuple[Match | None, list[Finding]]:
        """Between pixels and answer, on pixels that the service was handed."""
        shown, told = self.seen.shown, self.seen.told
        step = self.seen.parts.network_step
        where = f"the step {step}" if step else f"the model {self.seen.parts.model}"
        if shown is None or told is None:
            return None, []
        expected = self.reference.graph.in_batches(shown)
        if self.is_equal(told, expected):
            return None, []
        evidence = self._evidence(expected, told)
        can_be_matched = told.ndim == 2 and np.isfinite(told).all()
        match = explain_graph(self.reference, shown, told, expected) if can_be_matched else None
        if match is not None and match.explained != "exactly" and always_the_same(expected, told):
            match = None
        if match is None:
            named = self.reference.graph.stages is not None
            return None, [unexplained_answers(expected, told, named, where, evidence)]
        return match, findings_of(match, where, evidence)

    def _evidence(self, expected: Answers, told: Answers) -> AnswerEvidence | None:
        if expected.shape != told.shape or expected.ndim != 2:
            return None
        worst = next(i for i in range(len(told)) if not self.is_equal(told[i], expected[i]))
        return answer_evidence(
            expected[worst],
            told[worst],
            self.reference.labels,
            self.labels or self.reference.labels,
            picture=worst == 0,
        )

    def _wiring(self) -> list[Finding]:
        """Behind the network step: does the service answer with what the step gave?"""
        answer, step_answer, pixels = self.seen.answer, self.seen.step_answer, self.seen.pixels
        if answer is None or pixels is None or step_answer is None or self.is_equal(answer, step_answer):
            return []
        where = f"the model {self.seen.parts.model}, behind its steps"
        evidence = answer_evidence(step_answer, answer, self.reference.labels, self.labels or self.reference.labels)
        is_finite = np.isfinite(answer).all() and np.isfinite(step_answer).all()
        match = explain_answers(step_answer[None], answer[None], self.reference.tolerance) if is_finite else None
        if match is not None:
            return findings_of(match, where, evidence)
        cause = "does not answer with what its own steps give"
        advice = "look at the versions and the wiring of its steps, and at its cache"
        return [Finding(Stage.POSTPROCESSING, None, cause, advice, where, "no", evidence, 1.0)]

    def _labels(self) -> list[Finding]:
        expected = self.reference.labels
        for served, source in ((self.seen.labels, "parameter labels"), (self.seen.listed_labels, "label file")):
            if expected and served is not None and served != expected:
                swapped = sorted(served) == sorted(expected)
                cause = "names the classes in another order" if swapped else "names the classes otherwise"
                if tuple(label.strip() for label in served) == expected:
                    cause = "has white space around the names, such as the line ends of Windows"
                return [
                    Finding(
                        stage=Stage.POSTPROCESSING,
                        key="labels_swapped" if swapped else "other_labels",
                        cause=cause,
                        advice=f"write the labels of training into its {source}, in their order, with Unix line ends",
                        where=f"the {source} of {self.seen.parts.model}",
                        explained="exactly",
                        evidence=label_evidence(expected, served),
                    )
                ]
        return []


def _refusal(message: str, model: str) -> Finding:
    return Finding(
        stage=Stage.DECODE,
        key="refused",
        cause=f"refuses a picture that training accepts: {message[:300]}",
        advice="see what the service says about it; training decodes it",
        where=f"the model {model}",
        explained="exactly",
        evidence=None,
    )


def _compared(seen: Observations) -> tuple[str, ...]:
    parts = seen.parts
    texts: list[str] = []
    if seen.pixels is not None:
        texts.append(f"the pixels of {parts.decode_step}")
    if parts.network_step is not None and seen.told is not None:
        texts.append(f"the answers of {parts.network_step} to the pixels of training and {len(seen.told) - 1} others")
    elif seen.told is not None and seen.ask is not None:
        texts.append(f"the answers to {len(seen.told)} pictures of exactly the size of the pixels")
    if seen.answer is not None:
        texts.append("the answer to the picture")
    if seen.labels or seen.listed_labels:
        texts.append("the labels")
    return tuple(texts)

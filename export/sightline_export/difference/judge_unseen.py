"""A service that shows no pixels: which pixels, or which graph, would make it answer as it does?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline_export.difference.evidence import answer_evidence
from sightline_export.difference.findings import AnswerEvidence, Finding
from sightline_export.difference.judge_graph import changed, explain_graph
from sightline_export.difference.judge_pixels import Shown, findings_of, search
from sightline_export.difference.judge_whole import explain_whole, unexplained_whole
from sightline_export.difference.matching import Match, score_difference, within
from sightline_export.difference.observations import Answers, Observations, Pixels
from sightline_export.difference.pixel_path import PixelLab
from sightline_export.difference.reference import Reference
from sightline_export.difference.unexplained import unexplained_answers


@dataclass(frozen=True, eq=False)
class Unseen:
    """data: the picture file. expected: uint8 (h, w, c), its pixels. labels: of the service."""

    reference: Reference
    data: bytes
    seen: Observations
    expected: Pixels
    labels: tuple[str, ...]

    def findings(self, match: Match | None, graph_findings: list[Finding]) -> list[Finding]:
        """match, graph_findings: what explains the answers to pictures of exactly the size of the pixels."""
        reference, seen = self.reference, self.seen
        answer = seen.answer
        if answer is None or answer.ndim != 1 or (graph_findings and not np.isfinite(answer).all()):
            return graph_findings
        graph = changed(reference, match.mistakes) if match else reference.graph
        asked = bool(graph_findings) and (graph is None or match is None)

        def answers(pixels: Pixels) -> Answers:
            if asked and seen.ask is not None:
                return seen.ask(pixels[None])
            return (graph or reference.graph).in_batches(pixels[None])

        expected = seen.told[:1] if asked and seen.told is not None else answers(self.expected)
        where = f"the model {seen.parts.model}"
        evidence = self._evidence(answer)
        if graph_findings and (match is None or match.explained != "exactly") and seen.parts.network_step is None:
            whole = explain_whole(reference, self._shown(), seen)
            if whole is not None and (match is None or whole.left < match.left):
                return findings_of(whole, where, evidence)
        is_equal = within(reference.tolerance)
        if is_equal(answer[None], expected):
            return graph_findings
        if answer.shape != expected.shape[1:] or not np.isfinite(answer).all():
            named = reference.graph.stages is not None
            return [unexplained_answers(expected, answer[None], named, where, evidence), *graph_findings]
        distance = score_difference(answer[None], expected)
        by_graph = explain_graph(reference, self.expected[None], answer[None], expected) if seen.told is None else None
        if by_graph is not None and by_graph.explained == "exactly":
            return findings_of(by_graph, where, evidence)
        found = search(self._shown(), answer[None], answers, expected, distance, is_equal, likely=True)
        found = min((match for match in (found, by_graph) if match), key=lambda match: match.left, default=None)
        if found is not None:
            return [*findings_of(found, where, evidence), *graph_findings]
        return [unexplained_whole(self.data, reference, answer, answers, seen, where, evidence), *graph_findings]

    def _shown(self) -> Shown:
        return Shown.of(PixelLab(self.data, self.reference.spec), self.expected)

    def _evidence(self, answer: Answers) -> AnswerEvidence | None:
        expected = self.reference.graph.in_batches(self.expected[None])[0]
        return answer_evidence(expected, answer, self.reference.labels, self.labels or self.reference.labels)

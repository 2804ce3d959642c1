"""A verdict as lines of text, and as values for JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sightline_export.difference.findings import AnswerEvidence, Finding, LabelEvidence, PixelEvidence, Verdict


def lines(verdict: Verdict, picture: str) -> Iterator[str]:
    """What a person reads; the first line says it all."""
    first = verdict.first
    if first is None:
        yield f"no difference: {verdict.model} answers {picture} as {verdict.reference} does"
        yield f"compared: {', '.join(verdict.compared)}"
        if verdict.blind:
            yield f"mistakes that this picture would not show: {', '.join(verdict.blind)}"
        return
    yield f"first difference: {first.stage.label}"
    yield from _told(first)
    for other in verdict.findings[1:]:
        yield f"then: {other.stage.label}"
        yield from _told(other, with_evidence=other.evidence != first.evidence)
    yield f"compared: {', '.join(verdict.compared)}; with {verdict.reference}"


def _told(finding: Finding, *, with_evidence: bool = True) -> Iterator[str]:
    yield f"  {finding.where} {finding.cause}"
    if with_evidence and finding.evidence is not None:
        yield from (f"  {text}" for text in _evidence(finding.evidence))
    yield f"  {_certainty(finding)}"
    if finding.also:
        yield f"  with this picture as good an explanation: {'; '.join(finding.also)}"
    yield f"  to do: {finding.advice}"


def _evidence(evidence: PixelEvidence | AnswerEvidence | LabelEvidence) -> Iterator[str]:
    match evidence:
        case PixelEvidence():
            yield (
                f"first at pixel x {evidence.x}, y {evidence.y}, {evidence.channel}: expected {evidence.expected}, "
                f"served {evidence.served}"
            )
            yield (
                f"{evidence.pixels} of {evidence.total} pixels differ, by at most {evidence.largest} levels, "
                f"{evidence.mean:.2f} on average"
            )
        case AnswerEvidence():
            where = "" if evidence.picture else " (of another picture, made for the test)"
            yield (
                f"most at index {evidence.index}{where}: expected {evidence.expected:.6g}, served {evidence.served:.6g}"
            )
            yield f"expected first: {evidence.expected_top}; served first: {evidence.served_top}"
        case LabelEvidence():
            yield (
                f"first at class {evidence.index}: expected {_visible(evidence.expected)}, served "
                f"{_visible(evidence.served)}; "
                f"{evidence.classes} of {evidence.total} classes"
            )


def _certainty(finding: Finding) -> str:
    this = "together with the others this explains" if finding.together else "this explains"
    match finding.explained:
        case "exactly":
            return f"{this} what was served exactly"
        case "nearly":
            return f"{this} {1 - finding.left:.0%} of the difference; another library rounds the rest otherwise"
        case "no":
            return "no known mistake explains it; the stage is what the values point at"


def as_json(verdict: Verdict, picture: str) -> dict[str, Any]:
    """Plain values; `first` is the stage, or null."""
    return {
        "picture": picture,
        "model": verdict.model,
        "reference": verdict.reference,
        "first": verdict.first.stage.label if verdict.first else None,
        "findings": [_finding(finding) for finding in verdict.findings],
        "compared": list(verdict.compared),
        "blind": list(verdict.blind),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "stage": finding.stage.label,
        "key": finding.key,
        "where": finding.where,
        "cause": finding.cause,
        "advice": finding.advice,
        "explained": finding.explained,
        "left": round(finding.left, 4),
        "together": finding.together,
        "also": list(finding.also),
        "evidence": finding.evidence and {"kind": _KINDS[type(finding.evidence)]} | _plain(asdict(finding.evidence)),
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN and no infinity."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}


def _visible(label: str) -> str:
    return label if label.isprintable() and label == label.strip() else repr(label)


_KINDS: dict[type, str] = {PixelEvidence: "pixels", AnswerEvidence: "answer", LabelEvidence: "labels"}

"""What was found, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from sightline_export.difference.matching import Explained
from sightline_export.difference.stages import Stage


@dataclass(frozen=True)
class PixelEvidence:
    """The first pixel that differs, in reading order, and how much differs in all.

    x, y: counted from the top left. expected, served: levels of `channel`. pixels: how many differ, of `total`.
    largest, mean: absolute difference in levels.
    """

    x: int
    y: int
    channel: str
    expected: int
    served: int
    pixels: int
    total: int
    largest: int
    mean: float


@dataclass(frozen=True)
class AnswerEvidence:
    """Where two answers differ most, and what each of them puts first.

    picture: False where the picture's own answer is right, and only that to another picture, made for the test, is not.
    """

    index: int
    expected: float
    served: float
    expected_top: str
    served_top: str
    picture: bool = True


@dataclass(frozen=True)
class LabelEvidence:
    """The first class that is named differently."""

    index: int
    expected: str
    served: str
    classes: int
    total: int


@dataclass(frozen=True)
class Finding:
    """One stage that differs.

    key, cause, advice: of the mistake; the key is None where no known mistake explains what was seen.
    where: the part of the service. explained: whether the mistake gives what was served.
    also: other mistakes that this picture can't tell from it.
    together: whether it takes other findings as well to explain what was served.
    """

    stage: Stage
    key: str | None
    cause: str
    advice: str
    where: str
    explained: Explained
    evidence: PixelEvidence | AnswerEvidence | LabelEvidence | None
    left: float = 0.0
    also: tuple[str, ...] = ()
    together: bool = False


@dataclass(frozen=True)
class Verdict:
    """The findings, the earliest stage first; none where picture and answer are as in training.

    compared: what could be compared, in words. blind: what this picture can't show.
    """

    model: str
    reference: str
    findings: tuple[Finding, ...]
    compared: tuple[str, ...]
    blind: tuple[str, ...] = ()

    @property
    def first(self) -> Finding | None:
        return self.findings[0] if self.findings else None

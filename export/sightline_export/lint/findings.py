"""What the prover says: findings, and for each model whether Triton will load it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sightline_export.lint.rules import RULES
from sightline_export.lint.visible import visible

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Edit:
    """One replacement in a text file: the characters `start` to `end` become `text`. end == start: an insertion."""

    start: int
    end: int
    text: str

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"expected 0 <= start <= end, got {self.start} and {self.end}")


@dataclass(frozen=True)
class Finding:
    """One mistake, or one thing that may hurt later.

    model: the folder of the model; empty for the repository as a whole.
    file: relative to the repository. line: 1-based; None where there is no line to name.
    severity: an error changes what Triton does (it does not load the model, or answers wrongly), a warning does not.
    rule: the id, in kebab case; docs/lint.md lists them.
    expected, found, edit: the three parts of the message; `edit` says what to change.
    fixable: whether `sightline lint --fix` makes the change.
    answers: whether Triton loads the model all the same, and goes wrong only when it is asked.
    changes: what --fix does to `file`.
    """

    model: str
    file: str
    line: int | None
    severity: Severity
    rule: str
    expected: str
    found: str
    edit: str
    fixable: bool = False
    answers: bool = False
    changes: tuple[Edit, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for part in ("expected", "found", "edit"):
            object.__setattr__(self, part, visible(getattr(self, part)))
        if self.rule not in RULES or not (self.expected and self.found and self.edit):
            raise ValueError(f"expected a rule of RULES, what was expected, what was found and the edit, got {self}")

    @property
    def stops_loading(self) -> bool:
        return self.severity == "error" and not self.answers

    @property
    def place(self) -> str:
        """The file, and the line where there is one."""
        return visible(self.file) + ("" if self.line is None else f":{self.line}")

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.rule}: expected {self.expected}, found {self.found}; {self.edit}"


@dataclass(frozen=True)
class Verdict:
    """What Triton will do with one model.

    max_batch: the most rows that one request may have: 1 where batching is promised but only one row works (or the
        model takes sequences), 0 where there is no batch axis, where it does not load or where it answers nothing.
    """

    model: str
    loads: bool
    max_batch: int


@dataclass(frozen=True)
class Report:
    """All findings, by model and line, and one verdict for each model."""

    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def loads(self, model: str) -> bool:
        return any(verdict.loads for verdict in self.verdicts if verdict.model == model)

"""A report as text: blocks for people at a terminal, one line per finding for everything else, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from sightline_export.lint.findings import Finding, Report, Verdict
from sightline_export.lint.visible import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_HIDDEN = ("changes", "answers")


def lines(report: Report) -> Iterator[str]:
    """`file:line: severity: rule: expected …, found …; edit` for each finding, then one line for each model."""
    yield from (str(finding) for finding in report.findings)
    yield from (f"{visible(verdict.model)}: {summary(verdict, report)}" for verdict in report.verdicts)


def as_json(report: Report) -> str:
    """The report as one JSON object with the keys findings and verdicts."""
    findings = [
        {key: value for key, value in asdict(finding).items() if key not in _HIDDEN}
        | {"loads_all_the_same": not finding.stops_loading}
        for finding in report.findings
    ]
    return json.dumps({"findings": findings, "verdicts": [asdict(verdict) for verdict in report.verdicts]}, indent=1)


def show(report: Report, console: Console) -> None:
    """Write a report to a terminal."""
    from rich.padding import Padding
    from rich.text import Text

    for finding in report.findings:
        console.print(_heading(finding))
        parts = [("expected", finding.expected), ("found", finding.found), ("edit", finding.edit + _automatic(finding))]
        for name, text in parts:
            console.print(Padding(Text.assemble((f"{name:9}", "dim"), text), (0, 0, 0, 2)))
        console.print()
    for verdict in report.verdicts:
        text = summary(verdict, report)
        style = "green" if text.startswith("loads") and "but" not in text else "yellow" if verdict.loads else "red"
        console.print(Text.assemble((f"{visible(verdict.model)}: ", "bold"), (text, style)))


def summary(verdict: Verdict, report: Report) -> str:
    """What will become of one model, in one line."""
    own = [finding for finding in report.findings if finding.model == verdict.model]
    errors = [finding for finding in own if finding.severity == "error"]
    warnings = f", {_count(len(own) - len(errors), 'warning')}" if len(own) > len(errors) else ""
    if not verdict.loads:
        return f"does not load, {_count(len(errors), 'error')}{warnings}"
    if errors:
        return f"loads, but: {errors[0].rule}, {_count(len(errors), 'error')}{warnings}"
    batch = f"takes up to {_count(verdict.max_batch, 'row')}" if verdict.max_batch else "takes no batches"
    return f"loads, {batch}{warnings}"


def _heading(finding: Finding) -> Text:
    from rich.text import Text

    colour = "red" if finding.severity == "error" else "yellow"
    return Text.assemble((finding.place, "bold"), " ", (finding.severity, colour), " ", (finding.rule, "dim"))


def _automatic(finding: Finding) -> str:
    return " (--fix does this)" if finding.fixable else ""


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"

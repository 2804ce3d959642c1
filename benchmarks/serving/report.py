"""The results as Markdown, put between two marks of docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.markdown import markdown_table, write_between
from benchmarks.serving.limit import arrangement
from benchmarks.serving.results import Results
from benchmarks.serving.scenario import SCENARIOS, Scenario
from benchmarks.serving.summary import Column, Row, Spread, limits_otherwise, limits_per_s, row
from benchmarks.serving.system import System
from benchmarks.serving.targets import Rows, Verdict, verdicts

BEGIN, END = "<!-- benchmark-serving: begin -->", "<!-- benchmark-serving: end -->"
SHORT = 160  # letters of a failure; the whole one is in the JSON
NOTHING = "-"
COSTS = ("system", "server CPU ms", "client CPU ms", "p50 / p95 ms", "ready s", "processes", "memory MiB")


def document(results: Results, systems: Mapping[str, System]) -> str:
    """The tables of all scenarios that were measured, and the targets."""
    rows = {scenario.key: _rows(results, scenario, systems) for scenario in SCENARIOS}
    measured = [scenario for scenario in SCENARIOS if any(each.columns for each in rows[scenario.key].values())]
    sections = [_preamble(results)]
    for scenario in measured:
        sections += _scenario(results, scenario, rows[scenario.key], systems)
    return "\n\n".join(
        [*sections, "### Targets", _targets(rows, systems), "### Systems", _systems(results, rows, systems)]
    )


def write_report(path: Path, results: Results, systems: Mapping[str, System]) -> None:
    """Put the tables between the marks of the document. Raises RuntimeError where it has none."""
    write_between(path, BEGIN, END, document(results, systems))


def _preamble(results: Results) -> str:
    rounds = len(results.rounds)
    limit = ", ".join(f"{name} {version}" for name, version in results.versions.get("limit", {}).items())
    return (
        f"Measured on {results.begun} on {results.machine}, {rounds} round{'s' if rounds != 1 else ''} of "
        f"{results.seconds:g} s for each figure; the bare loop in the environment that serves: {limit}. Every answer "
        "was checked. Ratios to the bare loop just before and just after: the median of the rounds, and in brackets "
        "the least and the greatest."
    )


def _rows(results: Results, scenario: Scenario, systems: Mapping[str, System]) -> dict[str, Row]:
    """Of those that took part, or would have if they had been installed."""
    found: dict[str, Row] = {}
    for key, system in systems.items():
        here = row(results, scenario.key, key)
        absent = key in results.not_run and scenario.systems is None and scenario.asks in system.asks
        if here.columns or here.missing or absent:
            found[key] = here
    return found


def _scenario(
    results: Results, scenario: Scenario, rows: Mapping[str, Row], systems: Mapping[str, System]
) -> list[str]:
    concurrency = sorted({each for one in rows.values() for each in one.columns})
    limits = limits_per_s(results, scenario.key)
    header = ["system", *(f"c={each}" for each in concurrency)]
    table = [["the limit, answers/s", *(_limit(limits[arrangement(each).name]) for each in concurrency)]]
    table += [
        [f"the limit, {variant}", *(_ratio(ratios[arrangement(each).name]) for each in concurrency)]
        for variant, ratios in limits_otherwise(results, scenario.key).items()
    ]
    table += [[systems[key].name, *_ratios(one, concurrency)] for key, one in rows.items()]
    costs = [[systems[key].name, *_costs(one, concurrency)] for key, one in rows.items() if one.columns]
    return [
        f"### {scenario.title[0].upper()}{scenario.title[1:]}",
        markdown_table(header, table),
        f"Processor time of one answer at c={concurrency[-1]}, on all cores; latency at each concurrency "
        f"({', '.join(map(str, concurrency))}); seconds from the start to the first right answer; memory of all "
        "processes after the load, proportional (resident):",
        markdown_table(COSTS, costs),
    ]


def _ratios(one: Row, concurrency: Sequence[int]) -> list[str]:
    if not one.columns:
        reason = "; ".join(one.failures) or "no reason known"
        return [f"not run: {_short(reason)}", *([""] * (len(concurrency) - 1))]
    cells = [_ratio(one.columns[each].ratio) if each in one.columns else NOTHING for each in concurrency]
    if one.missing:
        cells[0] += f"; **{one.missing} of the rounds failed**: {_short('; '.join(one.failures))}"
    return cells


def _costs(one: Row, concurrency: Sequence[int]) -> list[str]:
    columns = [one.columns[each] for each in concurrency if each in one.columns]
    last: Column = columns[-1]
    return [
        f"{last.server_cpu_ms:.2f}",
        f"{last.client_cpu_ms:.2f}",
        ", ".join(f"{each.p50_ms:.1f} / {each.p95_ms:.1f}" for each in columns),
        f"{one.start_s:.1f}",
        f"{one.processes}",
        f"{one.pss_mib:,.0f} ({one.rss_mib:,.0f})",
    ]


def _targets(rows: Rows, systems: Mapping[str, System]) -> str:
    titles = {scenario.key: scenario.title for scenario in SCENARIOS}
    lines = [
        [
            titles[each.target.scenario],
            systems[each.target.system].name,
            f"{each.target.concurrency}",
            "first place" if each.target.least is None else f"at least {each.target.least:.2f}",
            _measured(each, systems),
            NOTHING if each.reached is None else "reached" if each.reached else "**missed**",
        ]
        for each in verdicts(rows)
    ]
    return markdown_table(["what", "who", "c", "wanted", "measured", ""], lines)


def _measured(verdict: Verdict, systems: Mapping[str, System]) -> str:
    if verdict.measured is None:
        return "not measured"
    rival = f"; {systems[verdict.rival[0]].name}: {verdict.rival[1]:.2f}" if verdict.rival else ""
    return f"{verdict.measured:.2f}{rival}"


def _systems(results: Results, rows: Rows, systems: Mapping[str, System]) -> str:
    shown = {key for each in rows.values() for key in each}
    lines = [
        [system.name, system.settings, ", ".join(" ".join(each) for each in results.versions.get(key, {}).items())]
        for key, system in systems.items()
        if key in shown
    ]
    return markdown_table(["system", "settings", "versions"], lines)


def _limit(measured: Spread) -> str:
    return f"{measured.median:.0f} ({measured.least:.0f} - {measured.greatest:.0f})"


def _ratio(measured: Spread) -> str:
    return f"{measured.median:.2f} ({measured.least:.2f} - {measured.greatest:.2f})"


def _short(reason: str) -> str:
    one_line = " ".join(reason.split()).replace("|", "\\|")
    return one_line if len(one_line) <= SHORT else f"{one_line[: SHORT - 3]}..."

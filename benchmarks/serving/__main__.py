"""Sightline and other ways to serve a model, side by side: `python -m benchmarks.serving`; see README.md."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from importlib import metadata
from pathlib import Path

from benchmarks.serving.environments import Installed, NotInstalled, install, runtime_versions
from benchmarks.serving.questions import questions
from benchmarks.serving.report import document, write_report
from benchmarks.serving.results import Results, read_results, write_results
from benchmarks.serving.rounds import Comparison, measured_round
from benchmarks.serving.scenario import SCENARIOS, Scenario, served
from benchmarks.serving.systems.registry import SYSTEMS, taking_part

from sightline_export.latency import machine
from sightline_server.runtime import Runtime, find_runtime

RESULTS = Path("build/benchmarks/serving.json")
DOCUMENT = Path("docs/performance.md")


def main() -> None:
    arguments = parsed_arguments()
    results = begun_results(arguments)
    scenarios = [scenario for scenario in SCENARIOS if scenario.key in arguments.scenarios]
    for scenario in scenarios:
        export_if_missing(scenario)
    runtime = find_runtime()
    installed, not_run = install_all(arguments.systems, runtime)
    versions = {**results.versions, **{key: each.versions for key, each in installed.items()}}
    results = replace(results, versions=versions | {"limit": runtime_versions(runtime)}, not_run=not_run)
    comparisons = [
        comparison
        for scenario in scenarios
        if (comparison := compared(scenario, installed, arguments.concurrency, arguments.all_scenarios)).systems
    ]
    try:
        for number in range(len(results.rounds), arguments.rounds):
            measured = measured_round(comparisons, number, results.seconds, say)
            results = replace(results, rounds=(*results.rounds, measured))
            write_results(arguments.output, results)
    except KeyboardInterrupt:
        sys.exit(f"Stopped after {len(results.rounds)} rounds, which are in {arguments.output}; go on with --resume.")
    write_results(arguments.output, results)
    print(document(results, SYSTEMS))
    if not arguments.no_report:
        write_report(DOCUMENT, results, SYSTEMS)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="in all, those of --resume included")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S", help="measured time of each figure")
    parser.add_argument("--systems", type=known("system", list(SYSTEMS)), default=list(SYSTEMS), metavar="A,B")
    keys = [scenario.key for scenario in SCENARIOS]
    parser.add_argument("--scenarios", type=known("scenario", keys), default=keys, metavar="A,B")
    parser.add_argument("--concurrency", type=numbers, default=None, metavar="1,8,32")
    parser.add_argument("--all-scenarios", action="store_true", help="every system in every scenario that it can serve")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    parser.add_argument("--resume", action="store_true", help="go on after the rounds that are in --output")
    parser.add_argument("--no-report", action="store_true", help=f"leave {DOCUMENT} as it is")
    return parser.parse_args()


def begun_results(arguments: argparse.Namespace) -> Results:
    """Those to go on with: of `--output` with --resume, else none."""
    if arguments.resume and arguments.output.exists():
        try:
            return read_results(arguments.output)
        except ValueError as error:
            sys.exit(f"Error: {error}")
    return Results(machine(), date.today().isoformat(), arguments.seconds, {}, {})


def known(what: str, keys: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        chosen = [each.strip() for each in text.split(",") if each.strip()]
        if not chosen or any(each not in keys for each in chosen):
            raise argparse.ArgumentTypeError(f"expected a {what} or several of {', '.join(keys)}, got {text!r}")
        return chosen

    return parse


def numbers(text: str) -> tuple[int, ...]:
    try:
        found = tuple(sorted({int(each) for each in text.split(",")}))
    except ValueError:
        found = ()
    if not found or found[0] < 1:
        raise argparse.ArgumentTypeError(f"expected numbers from 1 on, separated by commas, got {text!r}")
    return found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def export_if_missing(scenario: Scenario) -> None:
    if scenario.export is not None:
        command = [str(Path(sys.executable).with_name("sightline")), "export", "--if-missing", scenario.export]
        subprocess.run([*command, "--repository", str(scenario.repository)], check=True)


def install_all(keys: Sequence[str], runtime: Runtime) -> tuple[dict[str, Installed], dict[str, str]]:
    """The environments of the systems, and why others have none."""
    installed: dict[str, Installed] = {}
    not_run: dict[str, str] = {}
    for key in keys:
        system = SYSTEMS[key]
        if lacking := system.lacking():
            not_run[key] = lacking
        elif system.environment is None:
            installed[key] = Installed(Path(sys.executable), {"sightline-server": metadata.version("sightline-server")})
        else:
            try:
                installed[key] = install(system.environment, runtime, say)
            except NotInstalled as error:
                not_run[key] = f"not installed: {error}"
        if key in not_run:
            say(f"{key} is not run: {not_run[key]}")
    return installed, not_run


def compared(
    scenario: Scenario, installed: dict[str, Installed], concurrency: tuple[int, ...] | None, everywhere: bool
) -> Comparison:
    model = served(scenario)
    return Comparison(
        scenario,
        model,
        questions(scenario, model),
        tuple(each for each in scenario.concurrency if concurrency is None or each in concurrency),
        tuple(
            (system, installed[system.key]) for system in taking_part(scenario, list(installed), everywhere=everywhere)
        ),
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what it started, as Ctrl-C does
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped.")

"""The choice of `sightline tune` against five configurations written by hand: `python -m benchmarks.tuning`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.tuning.comparison import LEAST_RATIO, Comparison, compare
from benchmarks.tuning.hand_written import five
from benchmarks.tuning.measuring import measure

from sightline_server.backend_directory import make_run_directory
from sightline_server.console import Console
from sightline_server.repository_links import link_repository
from sightline_server.stop_signals import Stopped, StopSignals
from sightline_server.tuned import tuned_file
from sightline_server.tuning.contestant import Grounds
from sightline_server.tuning.cores import cores_of_this_machine
from sightline_server.tuning.explanation import cores_in_words
from sightline_server.tuning.files import publish, write
from sightline_server.tuning.options import TuneOptions
from sightline_server.tuning.outcome import Outcome
from sightline_server.tuning.run import tune

CHOICE = "the choice"
INTERRUPTED = 130  # what a shell gives a command that Ctrl-C ended


def main() -> None:
    arguments = parsed_arguments()
    signals = StopSignals()
    try:
        with signals.handled(), signals.interrupting():
            run(arguments)
    except Stopped:
        sys.exit(INTERRUPTED)


def run(arguments: argparse.Namespace) -> None:
    load_before = os.getloadavg()[0]
    results: list[dict[str, Any]] = []
    missed: list[str] = []
    for cpus in arguments.cpus:
        outcome, found = compared(arguments, cpus)
        chosen = outcome.decision.chosen
        results.append({"cores": cpus, "chosen": asdict(chosen), "took_s": outcome.took_s, **asdict(found)})
        print(f"\n{arguments.model} on {cores_in_words(cpus)}, {chosen} is so many times as good as:")
        for name, ratio in found.ratios.items():
            print(f"  {ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f}, {ratio.confidence:.0%})  {name}")
        if not found.is_reached:
            missed.append(f"{found.ratios[found.best].median:.3f} of {found.best!r} on {cores_in_words(cpus)}")
    content = {
        "model": arguments.model,
        "machine": {"cpus": os.cpu_count(), "load_before": load_before, "platform": platform.platform()},
        "minutes": arguments.minutes,
        "rounds": arguments.rounds,
        "window_s": arguments.window,
        "results": results,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    write(arguments.output, json.dumps(content, indent=1) + "\n")
    print(f"\nAll figures: {arguments.output}")
    if missed:
        sys.exit(f"Not reached: expected {LEAST_RATIO} or more, got {'; '.join(missed)}.")


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuning", description=__doc__)
    parser.add_argument("--model", default="cnn")
    parser.add_argument("--model-repository", type=Path, default=Path("model_repository"), metavar="DIR")
    parser.add_argument("--cpus", type=int, nargs="+", default=[1, 2], metavar="N", help="machines of so many cores")
    parser.add_argument("--minutes", type=float, default=3.0, help="of sightline tune")
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--window", type=float, default=0.5, metavar="S", help="of perf_analyzer, which takes three")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks/tuning.json"), metavar="FILE")
    return parser.parse_args()


def compared(arguments: argparse.Namespace, cpus: int) -> tuple[Outcome, Comparison]:
    """Tunes in a repository of its own, then measures the choice and the five."""
    directory = make_run_directory()
    try:
        repository = own_repository(arguments.model_repository, arguments.model, directory / "repository")
        console = Console()
        outcome = tune(TuneOptions(arguments.model, repository, arguments.minutes, cpus, None, None), console)
        publish(outcome, None)
        configs = {each.name: each.configs(repository) for each in five(repository, arguments.model, cpus)}
        configs[CHOICE] = {arguments.model: tuned_file(repository / arguments.model).read_text()}
        grounds = Grounds(arguments.model, repository, directory, None, cores_of_this_machine(cpus), console)
        rounds = measure(configs, grounds, arguments.rounds, arguments.window, console.say)
        return outcome, compare(rounds.pop(CHOICE), rounds)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def own_repository(repository: Path, model: str, directory: Path) -> Path:
    """Links to all models but one, whose configurations are a copy that can be added to."""
    link_repository(repository, directory, {})
    folder = directory / model
    exported = folder.resolve()
    folder.unlink()
    shutil.copytree(exported, folder)
    return directory


if __name__ == "__main__":
    main()

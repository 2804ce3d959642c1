"""HTTP, gRPC, shared memory, and what a call of the client costs: `python -m benchmarks.protocols`; see README.md."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from dataclasses import replace
from datetime import date
from importlib import metadata
from pathlib import Path
from statistics import mean

from benchmarks.client.run import MODEL
from benchmarks.own_server import sightline_serve
from benchmarks.protocols.measuring import CALLS, Subject, measured_round, prepared, warm_up
from benchmarks.protocols.report import document, write_report
from benchmarks.protocols.results import Results, write_results
from benchmarks.serving.pictures import pictures

from sightline_export.latency import machine
from sightline_server.errors import SightlineServerError

RESULTS = Path("build/benchmarks/protocols.json")
DOCUMENT = Path("docs/performance.md")
REPOSITORY = Path("model_repository")
LIBRARIES = ("sightline", "tritonclient", "grpcio")


def main() -> None:
    arguments = parsed_arguments()
    sent = pictures()
    size = mean(map(len, sent))
    results = Results(machine(), date.today().isoformat(), arguments.seconds, CALLS, size, {})
    try:
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            with (
                sightline_serve(REPOSITORY, scratch, "--models", MODEL, "--allow-shared-memory") as server,
                prepared(server, REPOSITORY, scratch, sent, arguments.rounds, arguments.seconds, say) as subject,
            ):
                results = replace(results, versions=versions(subject))
                warm_up(subject)
                for number in range(1, arguments.rounds + 1):
                    measured = measured_round(subject, number, say)
                    results = replace(results, rounds=(*results.rounds, measured))
                    write_results(arguments.output, results)
    except KeyboardInterrupt:
        sys.exit(f"Stopped after {len(results.rounds)} rounds, which are in {arguments.output}.")
    except (SightlineServerError, RuntimeError) as error:
        sys.exit(f"Error: {error}")
    print(document(results))
    if not arguments.no_report:
        write_report(DOCUMENT, results)


def versions(subject: Subject) -> dict[str, str]:
    ours = {name: metadata.version(name) for name in LIBRARIES}
    return {**ours, "tritonserver": subject.service.server_version(), "perf_analyzer": subject.analyzer.version}


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.protocols", description=__doc__)
    parser.add_argument("--rounds", type=rounds, default=5, metavar="N")
    parser.add_argument("--seconds", type=seconds, default=1.0, metavar="S", help="of a window; a figure has three")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    parser.add_argument("--no-report", action="store_true", help=f"leave {DOCUMENT} as it is")
    return parser.parse_args()


def rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, got {text!r}")
    return int(text)


def seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0.1 <= found <= 60:
        raise argparse.ArgumentTypeError(f"expected 0.1 to 60 seconds, got {text!r}")
    return found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what it started, as Ctrl-C does
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped.")

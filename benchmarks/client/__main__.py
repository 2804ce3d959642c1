"""Measures our client against perf_analyzer and bare tritonclient on a running `sightline serve`; see README.md."""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from importlib import metadata
from pathlib import Path

from benchmarks.client import analyzer, bare, ours, overhead
from benchmarks.client.pictures import Picture, make_pictures
from benchmarks.client.report import Rate, missed, overhead_table, protocol_of, rate_table, reference, summarise
from benchmarks.client.run import MODEL, Addresses, Load
from rich.console import Console

from sightline_server.perf_analyzer import find_perf_analyzer
from sightline_server.perf_analyzer_files import input_data

LOADS: dict[str, Load] = {
    "Client, grpc": ours.grpc_sync,
    "AsyncClient, grpc": ours.grpc_async,
    "tritonclient with threads, grpc": bare.grpc_threads,
    "tritonclient.aio, grpc": bare.grpc_async,
    "Client, http": ours.http_sync,
    "AsyncClient, http": ours.http_async,
    "tritonclient with threads, http": bare.http_threads,
    "tritonclient.aio, http": bare.http_async,
}
MOST_WRONG = 0.03
IMPORTS = 10


def main() -> None:
    arguments = parsed_arguments()
    addresses = Addresses(arguments.http, arguments.grpc)
    pictures = known_pictures(addresses, arguments.pictures)
    jpegs = [picture.jpeg for picture in pictures]
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "pictures.json")
        file.write_text(input_data(jpegs))
        generators = perf_analyzers(addresses, file, arguments.window)
        generators |= {name: partial(checked, name, load, addresses, pictures) for name, load in LOADS.items()}
        rounds = [measured_round(generators, number) for number in range(arguments.rounds)]
    say(f"measuring {arguments.calls} calls one at a time")
    overheads = {name: measure(addresses, jpegs[: arguments.calls]) for name, measure in overhead.MEASURES.items()}
    imports = import_times_s()
    summaries = summarise(rounds)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(rate_table(summaries, len(rounds)))
    console.print(overhead_table(overheads))
    console.print(f"import sightline: {statistics.median(imports):.2f} s, median of {len(imports)}")
    result = {
        "machine": {"cpus": os.cpu_count(), "load_before": load_before, "python": platform.python_version()},
        "versions": {name: metadata.version(name) for name in ("sightline", "tritonclient", "grpcio", "numpy")},
        "pictures": {"count": len(jpegs), "mean_bytes": statistics.mean(map(len, jpegs))},
        "rounds": [{name: asdict(rate) for name, rate in each.items()} for each in rounds],
        "summary": {name: asdict(each) for name, each in summaries.items()},
        "overhead": {name: asdict(each) for name, each in overheads.items()},
        "import_s": imports,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1) + "\n")
    console.print(f"All figures: {arguments.output}")
    if complaints := missed(summaries, overheads):
        sys.exit("Not reached: " + "; ".join(complaints) + ".")


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.client", description=__doc__)
    parser.add_argument("--http", default="localhost:8000", metavar="HOST:PORT")
    parser.add_argument("--grpc", default="localhost:8001", metavar="HOST:PORT")
    parser.add_argument("--pictures", type=int, default=2000, metavar="N", help="sent by each generator in each round")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--calls", type=int, default=1000, metavar="N", help="one at a time, through each client")
    parser.add_argument("--window", type=int, default=800, metavar="MS", help="of perf_analyzer, which takes three")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks/client.json"), metavar="FILE")
    return parser.parse_args()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def known_pictures(addresses: Addresses, count: int) -> list[Picture]:
    """Pictures that the served model names rightly, so that a wrong label later is a fault of whoever asked."""
    made = make_pictures(count + max(10, int(count * MOST_WRONG)))
    run = bare.grpc_threads(addresses, [picture.jpeg for picture in made])
    known = [picture for picture, label in zip(made, run.labels, strict=True) if picture.label == label][:count]
    if len(known) < count:
        raise SystemExit(f"Error: expected {MODEL} to name {count} of {len(made)} digits, got {len(known)} right.")
    return known


def perf_analyzers(addresses: Addresses, pictures: Path, window_ms: int) -> dict[str, Callable[[], Rate]]:
    found = find_perf_analyzer(say)

    def rate(protocol: str, address: str) -> Rate:
        return Rate(analyzer.rate_per_s(found, protocol, address, pictures, window_ms), None)

    return {
        reference("grpc"): partial(rate, "grpc", addresses.grpc),
        reference("http"): partial(rate, "http", addresses.http),
    }


def checked(name: str, load: Load, addresses: Addresses, pictures: Sequence[Picture]) -> Rate:
    run = load(addresses, [picture.jpeg for picture in pictures])
    wrong = sum(picture.label != label for picture, label in zip(pictures, run.labels, strict=True))
    if wrong:
        raise SystemExit(f"Error: expected {len(pictures)} right answers from {name}, got {wrong} wrong ones.")
    return Rate(len(pictures) / run.wall_s, run.cpu_s / len(pictures) * 1000)


def measured_round(generators: dict[str, Callable[[], Rate]], number: int) -> dict[str, Rate]:
    """Every generator once, one protocol after the other, with perf_analyzer before and after those of its protocol."""
    rates: dict[str, Rate] = {}
    for protocol in ("grpc", "http"):
        first = measured(reference(protocol), generators, number)
        ours_and_bare = sorted(name for name in LOADS if protocol_of(name) == protocol)
        for name in random.Random(number).sample(ours_and_bare, len(ours_and_bare)):  # noqa: S311  # no secret
            rates[name] = measured(name, generators, number)
        last = measured(reference(protocol), generators, number)
        rates[reference(protocol)] = Rate(statistics.mean((first.per_s, last.per_s)), None)
    return rates


def measured(name: str, generators: dict[str, Callable[[], Rate]], number: int) -> Rate:
    rate = generators[name]()
    say(f"round {number + 1}, {name}: {rate.per_s:.0f} pictures/s")
    return rate


def import_times_s() -> list[float]:
    """Seconds of `import sightline` in interpreters of their own."""
    program = "import time; start = time.perf_counter(); import sightline; print(time.perf_counter() - start)"
    return [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)
        for _ in range(IMPORTS)
    ]


if __name__ == "__main__":
    main()

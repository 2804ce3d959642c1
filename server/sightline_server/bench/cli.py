"""The command `bench`. Heavy imports wait until it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

INTERRUPTED = 130  # what a shell gives a command that Ctrl-C ended
PATH = click.Path(path_type=Path)
DEFAULT_CONCURRENCY = "1,8,32"

Number = TypeVar("Number", int, float)


def listed(kind: Callable[[str], Number], wanted: str) -> Callable[..., tuple[Number, ...]]:
    """A callback of an option that takes numbers with commas between them; each is kept once, in order."""

    def read(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[Number, ...]:
        try:
            return tuple(dict.fromkeys(kind(part) for part in value.split(","))) if value is not None else ()
        except ValueError as error:
            raise click.BadParameter(f"expected {wanted}, separated by commas, got {value!r}.") from error

    return read


def address(scheme: str, example: str) -> Callable[..., str]:
    def read(_context: click.Context, _option: click.Parameter, value: str) -> str:
        rest = value.removeprefix(f"{scheme}://").strip("/")
        if not value.startswith(f"{scheme}://") or not rest or "/" in rest:
            raise click.BadParameter(f"expected an address like {example}, got {value!r}.")
        return f"{scheme}://{rest}"

    return read


def protocol_names(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in value.split(",")))


@click.command(
    epilog="Exit codes: 0 ok, 2 usage, 3 a picture can't be read or a file can't be written, 4 no server answers, "
    "6 no such model, 7 a model is not ready or answers wrongly, 8 the server refuses shared memory, 10 no "
    "perf_analyzer, 12 no golden requests, 21 no figures for some load, 130 stopped by Ctrl-C. What was measured is "
    "written in any case."
)
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--url",
    default="http://localhost:8000",
    show_default=True,
    callback=address("http", "http://localhost:8000"),
    help="The server's HTTP.",
)
@click.option(
    "--grpc-url",
    default="grpc://localhost:8001",
    show_default=True,
    callback=address("grpc", "grpc://localhost:8001"),
    help="The server's gRPC; its statistics are read there in any case.",
)
@click.option(
    "--protocol",
    default="http,grpc",
    show_default=True,
    callback=protocol_names,
    metavar="http,grpc",
    help="Measure over one or both.",
)
@click.option(
    "--concurrency",
    callback=listed(int, "numbers of requests in flight"),
    metavar="N,N,…",
    help=f"Closed loop: so many requests in flight.  [default: {DEFAULT_CONCURRENCY}, unless --rate is given]",
)
@click.option(
    "--rate",
    callback=listed(float, "requests per second"),
    metavar="R,R,…",
    help="Open loop: so many requests per second, whether they are answered or not.",
)
@click.option(
    "--distribution",
    type=click.Choice(["constant", "poisson"]),
    default="constant",
    show_default=True,
    help="Of the times between requests with --rate.",
)
@click.option(
    "--shared-memory",
    is_flag=True,
    help="Pass tensors in shared memory of this machine; needs `sightline serve --allow-shared-memory`.",
)
@click.option("--seconds", default=1.0, show_default=True, help="Length of a window; a measurement has three.")
@click.option("--rounds", default=6, show_default=True, help="Each measures every load once; six give a 95 % interval.")
@click.option("--percentile", type=int, metavar="1..99", help="One more percentile; windows are judged by it.")
@click.option(
    "--stability-percent",
    default=10.0,
    show_default=True,
    help="A measurement whose windows differ by more is shown as unstable.",
)
@click.option(
    "--pictures",
    type=PATH,
    multiple=True,
    metavar="FILE|FOLDER",
    help="Send these pictures; may be repeated.  [default: the golden pictures of each model]",
)
@click.option(
    "--model-repository",
    type=PATH,
    default=Path("model_repository"),
    show_default="./model_repository",
    help="Where golden requests and answers are.",
)
@click.option(
    "-o", "--output", type=PATH, default=Path("build/bench"), show_default="build/bench", help="Folder for the files."
)
def bench(
    models: tuple[str, ...],
    url: str,
    grpc_url: str,
    protocol: tuple[str, ...],
    concurrency: tuple[int, ...],
    rate: tuple[float, ...],
    distribution: str,
    shared_memory: bool,
    seconds: float,
    rounds: int,
    percentile: int | None,
    stability_percent: float,
    pictures: tuple[Path, ...],
    model_repository: Path,
    output: Path,
) -> None:
    """Measure how fast a running service answers, with NVIDIA's perf_analyzer and real pictures.

    Without a MODEL, all models that users call. Prints throughput, latency and what each stage took, and writes
    bench.json, loads.csv, stages.csv and a plot for each model.
    """
    from sightline_server.stop_signals import Stopped, StopSignals

    signals = StopSignals()
    with signals.handled():
        from sightline_server.bench.options import BenchOptions, Settings
        from sightline_server.bench.points import Load, Loop
        from sightline_server.bench.run import run

        closed = concurrency or (() if rate else tuple(map(int, DEFAULT_CONCURRENCY.split(","))))
        try:
            options = BenchOptions(
                models=models,
                http_url=url,
                grpc_url=grpc_url,
                protocols=protocol,
                loads=(*(Load(Loop.CLOSED, each) for each in closed), *(Load(Loop.OPEN, each) for each in rate)),
                settings=Settings(seconds, distribution, percentile, stability_percent),
                rounds=rounds,
                pictures=pictures,
                repository=model_repository,
                output=output,
                shared_memory=shared_memory,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        try:
            run(options, signals)
        except Stopped:
            click.echo("Interrupted.", err=True)
            raise SystemExit(INTERRUPTED) from None

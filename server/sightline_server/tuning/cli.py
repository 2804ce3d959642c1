"""The command `sightline tune`. Heavy imports wait until it runs."""

from pathlib import Path

import click

from sightline_server.cli import PATH, file_to_write, repository_option, runtime_option

INTERRUPTED = 130  # what a shell gives a command that Ctrl-C ended


def json_file(context: click.Context, option: click.Parameter, value: Path | None) -> Path | None:
    return value if value == Path("-") else file_to_write(context, option, value)


@click.command(
    epilog="Exit codes: 0 ok, 2 usage, 3 a file can't be written, 6 no such model, 7 it is not built or wrong, "
    "10 the machine lacks something, 12 no repository or no golden requests, 13 the default could not be served, 21 no "
    "figures, or too little time for any, 130 stopped by Ctrl-C."
)
@click.argument("model")
@repository_option
@click.option("--cpus", type=int, metavar="N", help="Confine the server to N cores.  [default: all]")
@click.option(
    "--latency-budget-ms",
    type=float,
    metavar="MS",
    help="Highest throughput with 95 % of the answers within MS.  [default: throughput at 1, 8 and 32 in flight]",
)
@click.option("--minutes", type=float, default=3.0, show_default=True, help="How long it may take.")
@runtime_option
@click.option("--json", "json_path", type=PATH, callback=json_file, metavar="FILE|-", help="Write all figures as JSON.")
def tune(
    model: str,
    model_repository: Path,
    cpus: int | None,
    latency_budget_ms: float | None,
    minutes: float,
    runtime: Path | None,
    json_path: Path | None,
) -> None:
    """Find the fastest arrangement of MODEL on this machine, by measuring.

    Servers of its own are started, one per arrangement, and measured in turn. The choice is explained and written as
    configs/auto.pbtxt of the model, which `sightline serve` takes by itself.
    """
    from sightline_server.stop_signals import Stopped, StopSignals

    signals = StopSignals()
    with signals.handled():
        from sightline_server.console import Console
        from sightline_server.tuning.files import publish
        from sightline_server.tuning.options import TuneOptions
        from sightline_server.tuning.run import tune as run

        try:
            options = TuneOptions(model, model_repository, minutes, cpus, latency_budget_ms, runtime)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        console = Console()
        try:
            with signals.interrupting():
                outcome = run(options, console)
        except Stopped:
            console.say("Interrupted: nothing was written.")
            raise click.exceptions.Exit(INTERRUPTED) from None
        console.say(f"Written: {publish(outcome, json_path)}. `sightline serve` takes it by itself.")

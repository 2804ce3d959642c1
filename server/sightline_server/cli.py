"""The commands `serve`, `probe`, `doctor` and `install-runtime`. Heavy imports wait until a command runs."""

from pathlib import Path

import click

from sightline_server.arrangement import AUTO
from sightline_server.command_line import Ports

PORT = click.IntRange(0, 65535)
PATH = click.Path(path_type=Path)


def model_names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in (value or "").split(",") if name.strip()))
    if value is not None and not names:
        raise click.BadParameter("expected the names of models, separated by commas.")
    return names


def grpc_url(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if not value.startswith("grpc://") or not value.removeprefix("grpc://").strip("/"):
        raise click.BadParameter(f"expected an address like grpc://localhost:8001, got {value!r}.")
    return value


def file_to_write(_context: click.Context, _option: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and (value.is_dir() or not value.absolute().parent.is_dir()):
        raise click.BadParameter(f"expected a file in a folder that exists, got {value}.")
    return value


repository_option = click.option(
    "--model-repository",
    type=PATH,
    default=Path("model_repository"),
    show_default="./model_repository",
    help="Folder with one folder per model.",
)
models_option = click.option(
    "--models", callback=model_names, metavar="A,B", help="Serve only these models and their steps."
)
host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
http_option = click.option("--http-port", type=PORT, default=8000, show_default=True, help="0: any free port.")
grpc_option = click.option("--grpc-port", type=PORT, default=8001, show_default=True, help="0: any free port.")
metrics_option = click.option("--metrics-port", type=PORT, default=8002, show_default=True, help="0: any free port.")
config_name_option = click.option(
    "--model-config-name",
    metavar="NAME",
    default=AUTO,
    show_default=True,
    help="Use configs/NAME.pbtxt of the models that have one. auto: what `sightline tune` chose, of the others cpu "
    "where there is no GPU; portable: every config.pbtxt.",
)
runtime_option = click.option(
    "--runtime", type=PATH, envvar="SIGHTLINE_RUNTIME", help="Runtime environment with tritonserver."
)


@click.command()
@repository_option
@models_option
@host_option
@http_option
@grpc_option
@metrics_option
@config_name_option
@runtime_option
@click.option(
    "--ready-file",
    type=PATH,
    callback=file_to_write,
    help="Written as JSON when every model answers, removed at the end.",
)
@click.option(
    "--log-file",
    type=PATH,
    callback=file_to_write,
    help="Where tritonserver's log is added to.  [default: a temporary file]",
)
@click.option(
    "--startup-timeout",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up when tritonserver is silent for so long while it starts.",
)
@click.option(
    "--exit-timeout",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="How long running requests may take after Ctrl-C or SIGTERM.",
)
@click.option(
    "--allow-shared-memory",
    is_flag=True,
    help="Let clients on this machine pass tensors in shared memory; only on a loopback --host.",
)
@click.option("--verbose", is_flag=True, help="Show tritonserver's log on stderr.")
def serve(
    model_repository: Path,
    models: tuple[str, ...],
    host: str,
    http_port: int,
    grpc_port: int,
    metrics_port: int,
    model_config_name: str,
    runtime: Path | None,
    ready_file: Path | None,
    log_file: Path | None,
    startup_timeout: float,
    exit_timeout: int,
    allow_shared_memory: bool,
    verbose: bool,
) -> None:
    """Serve the models of a repository with NVIDIA Triton.

    Every golden answer is reproduced before it says that it is ready; a Python process that dies is replaced.
    """
    from sightline_server.stop_signals import StopSignals

    signals = StopSignals()
    # before the slow imports, so that a signal at any moment ends it with 0
    with signals.handled():
        from sightline_server.console import Console
        from sightline_server.serving import ServeOptions, run

        try:
            options = ServeOptions(
                repository=model_repository,
                models=models,
                host=host,
                ports=ports_of(http_port, grpc_port, metrics_port),
                config_name=model_config_name,
                runtime=runtime,
                ready_file=ready_file,
                log_file=log_file,
                startup_timeout_s=startup_timeout,
                exit_timeout_s=exit_timeout,
                verbose=verbose,
                allow_shared_memory=allow_shared_memory,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        run(options, Console(), signals)


@click.command()
@click.option("--url", default="grpc://localhost:8001", show_default=True, callback=grpc_url, help="The server's gRPC.")
@repository_option
@models_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long each answer may take.",
)
def probe(url: str, model_repository: Path, models: tuple[str, ...], timeout: float) -> None:
    """Ask every model of a running server for a golden answer.

    Ends with 0 when all are right or busy with other requests, 4 when nobody answers, 7 when a model does not. Models
    that are not served are left out, unless --models names them.
    """
    from sightline_server import health

    answers = health.ask(url, model_repository, models, timeout)
    for answer in answers:
        click.echo(answer)
    health.require_healthy(answers, url)


@click.command()
@repository_option
@models_option
@host_option
@http_option
@grpc_option
@metrics_option
@config_name_option
@runtime_option
@click.option("--machine-only", is_flag=True, help="Leave out the repository and the ports.")
def doctor(
    model_repository: Path,
    models: tuple[str, ...],
    host: str,
    http_port: int,
    grpc_port: int,
    metrics_port: int,
    model_config_name: str,
    runtime: Path | None,
    machine_only: bool,
) -> None:
    """Explain what this machine lacks for `serve` with the same options.

    Ends with 0 when nothing is missing, else with 10.
    """
    from sightline_server.doctor import DoctorOptions, examine, report

    ports = ports_of(http_port, grpc_port, metrics_port)
    options = DoctorOptions(model_repository, models, host, ports, model_config_name, runtime, machine_only)
    report(examine(options))


@click.command("install-runtime")
@click.option("--runtime", type=PATH, envvar="SIGHTLINE_RUNTIME", help="Where to make it.")
@click.option(
    "--backend",
    metavar="PATH|REQUIREMENT",
    help="Checkout of sightline-backend, or a requirement.  [default: beside this package, else the same version]",
)
def install_runtime(runtime: Path | None, backend: str | None) -> None:
    """Make the Python environment that tritonserver runs in, or complete it.

    It holds tritonserver 2.51 from nvidia-pytriton, numpy < 2 and sightline-backend.
    """
    from sightline_server import install
    from sightline_server.runtime import default_runtime

    install.install_runtime((runtime or default_runtime()).absolute(), backend, lambda text: click.echo(text, err=True))


def ports_of(http: int, grpc: int, metrics: int) -> Ports:
    try:
        return Ports(http, grpc, metrics)
    except ValueError as error:
        raise click.UsageError(str(error)) from error

"""A tritonserver that nobody else asks: on this machine alone, on free ports, for the length of a command."""

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path

from sightline_server.command_line import Ports, url_host
from sightline_server.control import CallFailed, Control
from sightline_server.errors import TritonError
from sightline_server.process import TritonProcess
from sightline_server.selftest import self_test
from sightline_server.serving import ServeOptions
from sightline_server.shared_memory import remove_unused_regions
from sightline_server.startup import wait_until_ready
from sightline_server.supervisor import Plan


def private_options(
    repository: Path, models: tuple[str, ...], config_name: str, runtime: Path | None, log_file: Path | None = None
) -> ServeOptions:
    """What `serving.make_plan` needs for such a server."""
    return ServeOptions(
        repository=repository,
        models=models,
        host="127.0.0.1",
        ports=Ports(0, 0, 0),
        config_name=config_name,
        runtime=runtime,
        ready_file=None,
        log_file=log_file,
        startup_timeout_s=120,
        exit_timeout_s=5,
        verbose=False,
    )


@contextlib.contextmanager
def started_server(
    plan: Plan, progress: Callable[[float, tuple[str, ...]], None], stop_timeout_s: int = 0
) -> Generator[tuple[TritonProcess, Control]]:
    """Runs a plan until its models are loaded, and ends it at the end; `stop_timeout_s` is its time for that.

    progress: is told the seconds since the start and the models that are loaded.

    Raises:
        TritonError: It did not become ready.
    """
    with contextlib.ExitStack() as stack:
        process = TritonProcess(plan.command, plan.environment, plan.log_path)
        stack.callback(remove_unused_regions, plan.region_prefix)
        stack.callback(process.stop, stop_timeout_s)
        control = Control(f"{url_host(plan.host)}:{plan.ports.grpc}", plan.control_key)
        stack.callback(control.close)
        wait_until_ready(
            process, control, stall_timeout_s=plan.startup_timeout_s, progress=progress, stopped=lambda: False
        )
        yield process, control


@contextlib.contextmanager
def private_server(plan: Plan, progress: Callable[[float, tuple[str, ...]], None]) -> Generator[TritonProcess]:
    """Like `started_server`; it has reproduced every golden answer before it is handed over.

    Raises:
        TritonError: It did not become ready, or a golden answer was not reproduced.
    """
    with started_server(plan, progress) as (process, control):
        try:
            self_test(control, plan.selection.models)
        except CallFailed as error:
            raise TritonError(
                f"tritonserver was ready but does not say what it serves ({process.describe_exit()}): {error.message}"
            ) from error
        yield process

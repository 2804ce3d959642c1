"""Ports of this machine: which are free, and choosing free ones."""

import socket
from contextlib import ExitStack

from sightline_server.command_line import Ports
from sightline_server.errors import MachineError


def bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # tritonserver binds with it too: a port in TIME_WAIT is free, a port that somebody listens on is not
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    return listener


def port_problem(host: str, port: int) -> str | None:
    """Why nobody can listen there, in the system's words; None when the port is free."""
    try:
        bind(host, port).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def host_problem(host: str) -> str | None:
    """Why nobody can listen on any port of `host`, in the system's words; None when somebody can."""
    return port_problem(host, 0)


def require_host(host: str) -> None:
    """Raises:
    MachineError: Nobody can listen on `host`.
    """
    problem = host_problem(host)
    if problem is not None:
        raise MachineError(f"Nobody can listen on --host {host} ({problem}): expected an address of this machine.")


def with_free_ports(host: str, ports: Ports) -> Ports:
    """`ports` with every 0 replaced by a port that is free now.

    Raises:
        MachineError: Nobody can listen on `host`.
    """
    with ExitStack() as held:

        def choose(port: int) -> int:
            if port:
                return port
            while True:
                try:
                    listener = held.enter_context(bind(host, 0))
                except OSError as error:
                    reason = error.strerror or error
                    raise MachineError(
                        f"Nobody can listen on --host {host} ({reason}): expected an address of this machine."
                    ) from error
                number: int = listener.getsockname()[1]
                if number not in (ports.http, ports.grpc, ports.metrics):
                    return number

        return Ports(choose(ports.http), choose(ports.grpc), choose(ports.metrics))

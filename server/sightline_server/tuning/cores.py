"""Which cores the server has to itself, and which are left for the load generator."""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Collection, Generator
from dataclasses import dataclass
from pathlib import Path

from sightline_server import confine
from sightline_server.cores import available_cores
from sightline_server.errors import MachineError
from sightline_server.supervisor import Plan


@dataclass(frozen=True)
class Cores:
    """server: numbers of the cores that it is confined to, empty where it is not; count: how many it can use."""

    count: int
    server: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    """For the load generator; empty where it shares those of the server."""


def share_out(wanted: int | None, allowed: Collection[int], available: int) -> Cores:
    """The first `wanted` cores for the server.

    Args:
        wanted: None for all, without confining anything.
        allowed: Numbers of the cores that this process may use.
        available: How many of them a quota allows to use.

    Raises:
        MachineError: There are fewer than `wanted`.

    Example:
        >>> share_out(1, {0, 1}, 2)
        Cores(count=1, server=(0,), others=(1,))
    """
    if wanted is None:
        return Cores(available)
    if wanted > available:
        raise MachineError(
            f"Expected {wanted} cores for --cpus {wanted}, this process may use {available}. Name fewer, or leave "
            "--cpus out."
        )
    numbers = sorted(allowed)
    return Cores(wanted, tuple(numbers[:wanted]), tuple(numbers[wanted:]))


def cores_of_this_machine(wanted: int | None) -> Cores:
    """See `share_out`."""
    return share_out(wanted, os.sched_getaffinity(0), available_cores())


def confined(plan: Plan, cores: Cores) -> Plan:
    """The same server, on its cores only."""
    if not cores.server:
        return plan
    launcher = (sys.executable, "-I", "-S", str(Path(confine.__file__)), ",".join(map(str, cores.server)))
    return dataclasses.replace(plan, command=(*launcher, *plan.command))


@contextlib.contextmanager
def on_other_cores(cores: Cores) -> Generator[None]:
    """What this thread starts inside leaves the cores of the server alone."""
    before = os.sched_getaffinity(0)
    if cores.others:
        os.sched_setaffinity(0, cores.others)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

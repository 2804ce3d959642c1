"""Starts a system, waits for its first right answer, and ends it with all that it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue.memory import descendants
from benchmarks.serving.http_wire import Answer, WireError, answer_end, parsed
from benchmarks.serving.system import Launch, System

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 20.0
POLL_S = 0.02
OK = 200


class SystemFailed(RuntimeError):
    """A system did not start, ended, or gave wrong answers; the message says which, and what it said."""


@dataclass(frozen=True)
class Running:
    """A system that answers. start_s: from its start to its first right answer."""

    pid: int
    start_s: float


@contextmanager
def running(
    system: System, launch: Launch, first: bytes, mistake: Callable[[Answer], str | None]
) -> Generator[Running]:
    """Start a system, and end it at the end.

    Args:
        system: What is started.
        launch: Where.
        first: The request that it has to answer.
        mistake: What is wrong with an answer to it; None where it is right.

    Raises:
        SystemFailed: It ended, its first answer is wrong, or there is none after two minutes.
    """
    command = list(system.command(launch))
    log = launch.folder / "said.log"
    begun_s = time.perf_counter()
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=launch.folder,
            env=system.variables_of(launch),
            start_new_session=True,
        )
    try:
        _await_ready(system, launch, process, first, mistake, log)
        yield Running(process.pid, time.perf_counter() - begun_s)
    finally:
        stop(process)


def _await_ready(
    system: System,
    launch: Launch,
    process: subprocess.Popen[bytes],
    first: bytes,
    mistake: Callable[[Answer], str | None],
    log: Path,
) -> None:
    last_s = time.monotonic() + START_TIMEOUT_S
    found = "nobody listened"
    while time.monotonic() < last_s:
        if process.poll() is not None:
            raise SystemFailed(f"it ended with status {process.returncode} while it started: {_end_of(log)}")
        if not system.says_ready or launch.ready_file.exists():
            try:
                answer = ask_once(launch.port, first)
            except (OSError, WireError) as error:
                found = str(error)
            else:
                if answer.status == OK:
                    if wrong := mistake(answer):
                        raise SystemFailed(f"its first answer is wrong: {wrong}")
                    return
                found = f"HTTP {answer.status}: {answer.body[:200]!r}"
        time.sleep(POLL_S)
    raise SystemFailed(f"no answer within {START_TIMEOUT_S:.0f} s, at last: {found}; {_end_of(log)}")


def ask_once(port: int, request: bytes) -> Answer:
    """One request over a connection of its own.

    Raises:
        OSError: nobody listens, or the connection ended.
        WireError: the answer is not HTTP.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_TIMEOUT_S) as opened:
        opened.sendall(request)
        received = bytearray()
        while (end := answer_end(received)) is None:
            data = opened.recv(1 << 16)
            if not data:
                raise ConnectionError("the connection ended without an answer")
            received += data
        return parsed(bytes(received[:end]))


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and after 20 s SIGKILL, for the process; then SIGKILL for what it has left behind."""
    family = {pid: _begun(pid) for pid in _family(process.pid)}
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pid, begun in family.items():
        # a number may have gone to another process by now
        if begun is not None and _begun(pid) == begun:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _family(pid: int) -> set[int]:
    """All that `pid` started: its descendants, and orphans of its session."""
    session = {int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal() and _session(each) == pid}
    return {*descendants(pid), *session}


def _session(process: Path) -> int | None:
    return None if (fields := _stat(process)) is None else int(fields[3])


def _begun(pid: int) -> str | None:
    """When a process began, in ticks since the machine did; None where there is no such process."""
    return None if (fields := _stat(Path(f"/proc/{pid}"))) is None else fields[19]


def _stat(process: Path) -> list[str] | None:
    """The fields after the name, of which the first is the state."""
    with suppress(OSError):
        return (process / "stat").read_text().rpartition(")")[2].split()
    return None


def _end_of(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "it said nothing"

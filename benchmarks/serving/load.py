"""The one load generator for all systems: a process with N connections, each of which asks again once it is answered.

Requests are made beforehand and answers are looked at afterwards, so that it costs little of the processor that it
shares with the system under test. What it costs is measured too.
"""

from __future__ import annotations

import gc
import itertools
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.serving.http_wire import WireError, answer_end

RECEIVED_AT_ONCE = 1 << 16
SEND_BUFFER = 1 << 20
SILENT_S = 30.0
MORE_S = 0.05
LONGEST = 10


class LoadFailed(RuntimeError):
    """The system under test went away, fell silent or broke the protocol."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. request: its index. Times are those of `time.perf_counter`."""

    request: int
    asked_s: float
    answered_s: float
    answer: bytes


@dataclass(frozen=True)
class Load:
    """What one run gave.

    exchanges: all of them, those before and after the measured time too, for every answer counts as right or wrong.
    begun_s, ended_s: the measured time.
    client_cpu_s, server_cpu_s: processor time within it.
    """

    exchanges: Sequence[Exchange]
    begun_s: float
    ended_s: float
    client_cpu_s: float
    server_cpu_s: float

    @property
    def measured(self) -> list[Exchange]:
        """Those that were answered within the measured time."""
        return [each for each in self.exchanges if self.begun_s <= each.answered_s < self.ended_s]

    @property
    def per_s(self) -> float:
        """Answers per second.

        They come in batches, so the time is taken from the last answer before the measured time to the last one in it:
        where a batch falls on either end then makes no difference.
        """
        measured = self.measured
        if not measured:
            return 0.0
        before_s = (each.answered_s for each in self.exchanges if each.answered_s < self.begun_s)
        first_s = max(before_s, default=self.begun_s)
        return len(measured) / (max(each.answered_s for each in measured) - first_s)


def run_load(
    port: int,
    requests: Sequence[bytes],
    *,
    concurrency: int,
    warm_up_s: float,
    seconds: float,
    least: int = 0,
    server_cpu_s: Callable[[], float] = lambda: 0.0,
) -> Load:
    """Keep `concurrency` requests in flight at 127.0.0.1:`port`.

    Args:
        port: Where the system listens.
        requests: Bytes of whole HTTP requests, sent in turn.
        concurrency: Connections, one request in flight on each.
        warm_up_s: Before the measured time, and at least one answer for each connection.
        seconds: The measured time.
        least: It takes longer, up to ten times, until there are so many answers.
        server_cpu_s: Reads the processor time of the system so far.

    Raises:
        LoadFailed: A connection broke, or nothing was answered for 30 s.
    """
    with selectors.DefaultSelector() as selector:
        loop = _Loop(selector, requests)
        connections: list[_Connection] = []
        collecting = gc.isenabled()
        gc.disable()
        try:
            for _ in range(concurrency):
                connections.append(_connected(port))
                selector.register(connections[-1].socket, selectors.EVENT_READ, connections[-1])
            for connection in connections:
                loop.ask(connection)
            loop.run_until(time.perf_counter() + warm_up_s)
            while len(loop.exchanges) < concurrency:
                loop.run_until(time.perf_counter() + MORE_S)
            wanted = len(loop.exchanges) + least
            begun_s, client_before, server_before = time.perf_counter(), time.process_time(), server_cpu_s()
            loop.run_until(begun_s + seconds)
            while len(loop.exchanges) < wanted and time.perf_counter() < begun_s + LONGEST * seconds:
                loop.run_until(time.perf_counter() + MORE_S)
            ended_s, client_after, server_after = time.perf_counter(), time.process_time(), server_cpu_s()
            loop.finish()
        finally:
            if collecting:
                gc.enable()
            for connection in connections:
                connection.socket.close()
    return Load(loop.exchanges, begun_s, ended_s, client_after - client_before, server_after - server_before)


@dataclass(eq=False)
class _Connection:
    socket: socket.socket
    request: int = -1
    asked_s: float = 0.0
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    received: bytearray = field(default_factory=bytearray)


@dataclass(eq=False)
class _Loop:
    selector: selectors.BaseSelector
    requests: Sequence[bytes]
    exchanges: list[Exchange] = field(default_factory=lambda: list[Exchange]())
    in_flight: int = 0
    asking: bool = True
    turns: Iterator[int] = field(default_factory=itertools.count)
    heard_s: float = field(default_factory=time.perf_counter)

    def run_until(self, end_s: float) -> None:
        while (now := time.perf_counter()) < end_s:
            self.turn(end_s - now)
            if now - self.heard_s > SILENT_S:
                raise LoadFailed(f"expected an answer within {SILENT_S:.0f} s, got none")

    def finish(self) -> None:
        """Wait for the answers that are still due, so that the next run finds an idle system."""
        self.asking = False
        last_s = time.perf_counter() + SILENT_S
        while self.in_flight:
            if time.perf_counter() > last_s:
                raise LoadFailed(f"expected the last answers within {SILENT_S:.0f} s, {self.in_flight} are missing")
            self.turn(1.0)

    def turn(self, timeout_s: float) -> None:
        for key, events in self.selector.select(timeout_s):
            connection: _Connection = key.data
            if events & selectors.EVENT_WRITE:
                self.send(connection)
            if events & selectors.EVENT_READ:
                self.receive(connection)

    def ask(self, connection: _Connection) -> None:
        connection.request = next(self.turns) % len(self.requests)
        connection.unsent = memoryview(self.requests[connection.request])
        connection.asked_s = time.perf_counter()
        self.in_flight += 1
        self.send(connection)

    def send(self, connection: _Connection) -> None:
        try:
            connection.unsent = connection.unsent[connection.socket.send(connection.unsent) :]
        except BlockingIOError:
            pass
        except OSError as error:
            raise LoadFailed(f"expected a connection that stays open, got: {error.strerror}") from error
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        if self.selector.get_key(connection.socket).events != wanted:
            self.selector.modify(connection.socket, wanted, connection)

    def receive(self, connection: _Connection) -> None:
        try:
            data = connection.socket.recv(RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError as error:
            raise LoadFailed(f"expected an answer, got: {error.strerror}") from error
        if not data:
            raise LoadFailed(f"expected an answer, got the end of the connection after {bytes(connection.received)!r}")
        connection.received += data
        try:
            end = answer_end(connection.received)
        except WireError as error:
            raise LoadFailed(str(error)) from error
        if end is None:
            return
        answered_s = time.perf_counter()
        answer = bytes(connection.received[:end])
        del connection.received[:end]
        self.exchanges.append(Exchange(connection.request, connection.asked_s, answered_s, answer))
        self.heard_s = answered_s
        self.in_flight -= 1
        if self.asking:
            self.ask(connection)


def _connected(port: int) -> _Connection:
    try:
        opened = socket.create_connection(("127.0.0.1", port), timeout=5)
    except OSError as error:
        raise LoadFailed(f"expected somebody to listen on port {port}, got: {error}") from error
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    opened.setblocking(False)
    return _Connection(opened)
